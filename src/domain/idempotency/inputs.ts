import { printable } from '../text.ts';

/** A name that a caller gives to a write, so that sending it again does not do it again. */
export const idempotencyKey = printable(1, 255);
