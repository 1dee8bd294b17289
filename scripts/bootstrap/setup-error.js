/** A failure whose message is enough for the user; printed without a stack trace. */
export class SetupError extends Error {}
