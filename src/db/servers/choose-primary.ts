/** What a server of PostgreSQL answers about itself. */
export interface ServerState {
  /** False on a standby, and where `default_transaction_read_only` is on. */
  isWritable: boolean;
  /** The identifier of the cluster, which a primary and its standbys share. */
  systemId: string;
  /** The timeline, which each promotion increments. On a standby, one that it has certainly reached. */
  timeline: number;
}

/** The primary that was accepted last. */
export interface AcceptedPrimary {
  /** Its position in the list of servers. */
  index: number;
  systemId: string;
  /** The highest timeline that was accepted. */
  timeline: number;
}

/**
 * Chooses the primary: the writable server of the same cluster with the highest timeline. A server with a lower timeline than
 * the one that was accepted last is a former primary that has returned without being rewound: writes to it would be lost.
 * @param states one for each server, in the order of the list; undefined for a server that did not answer.
 * @returns its position; undefined if there is none.
 */
export function choosePrimary(
  states: readonly (ServerState | undefined)[],
  accepted: AcceptedPrimary,
): number | undefined {
  const candidates = [...states.entries()].flatMap(([index, state]) => {
    if (!state?.isWritable || state.systemId !== accepted.systemId) return [];
    return state.timeline < accepted.timeline ? [] : [{ index, timeline: state.timeline }];
  });
  const highest = Math.max(...candidates.map(({ timeline }) => timeline));
  const best = candidates.filter(({ timeline }) => timeline === highest);
  return (best.find(({ index }) => index === accepted.index) ?? best[0])?.index;
}
