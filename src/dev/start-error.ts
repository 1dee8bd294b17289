/** usergraph cannot start for a reason that the operator can fix. The message states the problem and the solution. */
export class StartError extends Error {
  override name = 'StartError';
}
