/** A position in the write-ahead log of a cluster. */
export interface WalPosition {
  /** Each promotion increments it. */
  timeline: number;
  /** The log sequence number, a byte offset. */
  lsn: bigint;
}

/** The position that a replica must have replayed to serve a read; `primary` if it is unknown, so that only the primary can serve it. */
export type RequiredPosition = WalPosition | 'primary';

const TEXT = /^([1-9]\d{0,9})-([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i;

/** Parses `<timeline>-<lsn>`, such as `1-0/3000148`. @returns undefined if it is malformed. */
export function parsePosition(text: string): WalPosition | undefined {
  const [, timeline, high, low] = TEXT.exec(text) ?? [];
  if (timeline === undefined || high === undefined || low === undefined) return undefined;
  return { timeline: Number(timeline), lsn: (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`) };
}

/** Formats a position as `<timeline>-<lsn>`. */
export function formatPosition({ timeline, lsn }: WalPosition): string {
  const hex = (part: bigint) => part.toString(16).toUpperCase();
  return `${timeline}-${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`;
}

/**
 * Whether a server at `position` has everything up to `required`. On a lower timeline it never has: its log can have diverged. On a
 * higher one, the log number decides as well, since a standby can learn of a timeline before it has replayed what precedes it.
 */
export function hasReached(position: WalPosition, required: WalPosition): boolean {
  return position.timeline >= required.timeline && position.lsn >= required.lsn;
}

/** Whether a position is after another one: by timeline, then by log sequence number. */
export function isAfter(position: WalPosition, other: WalPosition): boolean {
  return position.timeline === other.timeline ? position.lsn > other.lsn : position.timeline > other.timeline;
}
