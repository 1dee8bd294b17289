import type { Servers } from '../session.ts';

/** What a server of PostgreSQL answers about itself. */
export interface ServerState {
  /** False on a standby, and where `default_transaction_read_only` is on. */
  isWritable: boolean;
  /** The identifier of the cluster, which a primary and its standbys share. */
  systemId: string;
  database: string;
  /** The timeline, which each promotion increments. On a standby, one that it has certainly reached. */
  timeline: number;
  /** Identifies the server process, also if several URLs lead to it. A restart changes it. */
  instance: string;
}

/** The primary that was accepted last. */
export interface AcceptedPrimary extends Omit<Servers, 'urls'> {
  /** Its index in the list of servers. */
  index: number;
  /** The timeline on which it was accepted; `timeline` is the highest one that was seen on any server of the cluster. */
  acceptedTimeline: number;
}

/** The primary, or the servers of which each could be the primary. */
export interface ChosenPrimary {
  /** The index of the primary; undefined if there is none, or it is not known which server is the primary. */
  index: number | undefined;
  /** The indexes of several servers that accept writes on the highest timeline; empty if at most one does. */
  conflicting: readonly number[];
  /** The highest timeline that was seen on any server of the cluster, now or before. */
  timeline: number;
}

/**
 * Chooses the primary: the writable server of the same cluster and database on the highest timeline of the cluster. A server on a
 * lower timeline is a former primary that has returned without being rewound, or that is still alive after a promotion: writes to it
 * would be lost. Of several writable servers on that timeline, only one that was accepted on it before is certain.
 * @param states one for each server, in the order of the list; undefined for a server that did not answer.
 */
export function choosePrimary(states: readonly (ServerState | undefined)[], accepted: AcceptedPrimary): ChosenPrimary {
  const timeline = highestTimeline(states, accepted);
  return { ...chooseOnTimeline(states, accepted, timeline), timeline };
}

function chooseOnTimeline(
  states: readonly (ServerState | undefined)[],
  accepted: AcceptedPrimary,
  timeline: number,
): Omit<ChosenPrimary, 'timeline'> {
  const candidates = [...states.entries()].filter(
    ([, state]) => state?.isWritable && !problemOf(state, accepted) && state.timeline === timeline,
  );
  const isAccepted = candidates.some(([index]) => index === accepted.index);
  const indexes = candidates.map(([index]) => index);
  const instances = new Set(candidates.map(([, state]) => state?.instance));
  const isCertain = (isAccepted && accepted.acceptedTimeline === timeline) || instances.size <= 1;
  if (!isCertain) return { index: undefined, conflicting: indexes };
  return { index: isAccepted ? accepted.index : indexes[0], conflicting: [] };
}

function highestTimeline(
  states: readonly (ServerState | undefined)[],
  { systemId, timeline }: Pick<AcceptedPrimary, 'systemId' | 'timeline'>,
): number {
  return Math.max(timeline, ...states.flatMap((state) => (state?.systemId === systemId ? [state.timeline] : [])));
}

/** Why a server does not belong to another one as its primary or standby; undefined if it does. */
export function problemOf(
  server: Pick<ServerState, 'systemId' | 'database'>,
  expected: Pick<ServerState, 'systemId' | 'database'>,
): string | undefined {
  if (server.systemId !== expected.systemId) {
    return `it belongs to another cluster (its system identifier is ${server.systemId} instead of ${expected.systemId})`;
  }
  if (server.database === expected.database) return undefined;
  return `its database is ${server.database} instead of ${expected.database}`;
}
