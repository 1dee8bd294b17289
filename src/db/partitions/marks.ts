/**
 * The comments with which the gateway marks its tables. It drops only tables that have its mark: a name can be that of a table of yours.
 * A mark is set in the transaction that creates or detaches the table, and is part of a dump.
 */

/** The table that a conversion prepares. */
export const PREPARED_MARK = 'usergraph: prepared by partitions create';

/** A detached partition, before and after its segments are marked to be recomputed. */
export const DETACHED_MARK = 'usergraph: detached partition, to be dropped';
export const RECOMPUTED_MARK = 'usergraph: detached partition, to be dropped; its segments are recomputed';

/** The announcement that retention will drop a partition. */
export interface DropNotice {
  /** The partition is dropped at this instant at the earliest. */
  dropAfter: Date;
  /** The `EVENT_RETENTION_MONTHS` of the gateway that announced it. */
  retentionMonths: number;
}

const NOTICE = /^usergraph: dropped after (\S+) by EVENT_RETENTION_MONTHS=(\d+)$/;

/** The comment that stores a notice. */
export const noticeMark = ({ dropAfter, retentionMonths }: DropNotice) =>
  `usergraph: dropped after ${dropAfter.toISOString()} by EVENT_RETENTION_MONTHS=${retentionMonths}`;

/** The notice that a comment stores; null if it stores none. */
export function parseNotice(comment: string | null): DropNotice | null {
  const [, instant = '', months] = NOTICE.exec(comment ?? '') ?? [];
  const dropAfter = new Date(instant);
  return Number.isNaN(dropAfter.getTime()) ? null : { dropAfter, retentionMonths: Number(months) };
}
