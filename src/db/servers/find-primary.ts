import { inOneLine, isUnavailable } from '../errors.ts';
import type { Servers } from '../session.ts';
import { choosePrimary, problemOf, type ServerState } from './choose-primary.ts';
import { ServerProbe } from './server-probe.ts';

/** The primary of several servers, and what it has in common with the others. */
export interface FoundPrimary extends Omit<Servers, 'urls'> {
  url: string;
}

/** No server accepts writes at the moment, or several do; the message is one line with the reason of each server. */
export class NoPrimaryError extends Error {
  override name = 'NoPrimaryError';
  /** The URLs of the servers that reject this process, for example because of its password. */
  readonly rejectedBy: readonly string[];

  constructor(message: string, rejectedBy: readonly string[]) {
    super(message);
    this.rejectedBy = rejectedBy;
  }
}

/** The servers belong to different clusters, or their URLs name different databases. */
export class DifferentClustersError extends Error {
  override name = 'DifferentClustersError';
}

interface Result {
  url: string;
  server: string;
  state: ServerState | undefined;
  error: unknown;
}

/**
 * Asks each server once, and returns the primary as `choosePrimary` chooses it.
 * @throws {NoPrimaryError} @throws {DifferentClustersError}
 */
export async function findPrimary(urls: readonly string[]): Promise<FoundPrimary> {
  const probes = urls.map((url) => new ServerProbe(url));
  const results = await Promise.all(probes.map(ask));
  for (const probe of probes) probe.close();
  const reached = results.flatMap(({ server, state }) => (state ? [{ server, state }] : []));
  const [first] = reached;
  if (!first) throw toNoPrimaryError(results);
  for (const { server, state } of reached) {
    const problem = problemOf(state, first.state);
    if (!problem) continue;
    throw new DifferentClustersError(
      `${server} cannot be used with ${first.server}: ${problem}. List only a primary and its standbys, with the same database.`,
    );
  }
  const { systemId, database } = first.state;
  const states = results.map(({ state }) => state);
  const unknown = { index: -1, systemId, database, timeline: 0, acceptedTimeline: 0 };
  const { index, timeline } = choosePrimary(states, unknown);
  const primary = index === undefined ? undefined : results[index];
  if (!primary) throw toNoPrimaryError(results, timeline);
  return { url: primary.url, systemId, database, timeline };
}

/** Returns the only URL, or that of the primary. @throws {NoPrimaryError} @throws {DifferentClustersError} */
export async function primaryUrlOf(urls: readonly string[]): Promise<string> {
  const [first = ''] = urls;
  return urls.length === 1 ? first : (await findPrimary(urls)).url;
}

async function ask(probe: ServerProbe): Promise<Result> {
  const { url, server } = probe;
  try {
    return { url, server, state: await probe.ask(), error: undefined };
  } catch (error) {
    return { url, server, state: undefined, error };
  }
}

function toNoPrimaryError(results: readonly Result[], timeline = 0): NoPrimaryError {
  const explain = (state: ServerState) => {
    if (!state.isWritable) return 'read-only';
    const isOutdated = state.timeline < timeline;
    return isOutdated ? `outdated, on timeline ${state.timeline} instead of ${timeline}` : 'accepts writes';
  };
  const reasons = results.map(({ server, state, error }) => `${server}: ${state ? explain(state) : inOneLine(error)}`);
  const current = results.filter(({ state }) => state?.isWritable && state.timeline === timeline);
  const summary =
    current.length > 1 ? `Several servers accept writes on timeline ${timeline}` : 'No server accepts writes';
  const rejectedBy = results.flatMap(({ url, error }) => (error !== undefined && !isUnavailable(error) ? [url] : []));
  return new NoPrimaryError(`${summary} (${reasons.join('; ')})`, rejectedBy);
}
