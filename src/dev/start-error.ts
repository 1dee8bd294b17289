/** usergraph cannot start, for a reason that a person can mend. The message says what is wrong and what to do. */
export class StartError extends Error {
  override name = 'StartError';
}
