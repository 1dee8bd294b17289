/** A failure that its one line explains. */
export class SetupError extends Error {}
