import { inOneLine, isUnavailable } from '../errors.ts';
import { ServerProbe } from './server-probe.ts';

/** The primary of several servers. */
export interface FoundPrimary {
  url: string;
  /** The identifier of its cluster. */
  systemId: string;
}

/** No server accepts writes at the moment; the message is one line with the reason of each server. */
export class NoPrimaryError extends Error {
  override name = 'NoPrimaryError';
  /** The URL of a server that rejects this process, for example because of its password; waiting does not help. */
  readonly rejectedBy: string | undefined;

  constructor(message: string, rejectedBy: string | undefined) {
    super(message);
    this.rejectedBy = rejectedBy;
  }
}

/** The servers belong to different clusters. */
export class DifferentClustersError extends Error {
  override name = 'DifferentClustersError';
}

/**
 * Asks each server once, and returns the writable one with the highest timeline.
 * @throws {NoPrimaryError} @throws {DifferentClustersError}
 */
export async function findPrimary(urls: readonly string[]): Promise<FoundPrimary> {
  const probes = urls.map((url) => new ServerProbe(url));
  const results = await Promise.all(
    probes.map(({ url, server }, index) =>
      (probes[index] as ServerProbe).ask().then(
        (state) => ({ url, server, state, error: undefined }),
        (error: unknown) => ({ url, server, state: undefined, error }),
      ),
    ),
  );
  await Promise.all(probes.map((probe) => probe.close()));
  const reached = results.flatMap(({ url, server, state }) => (state ? [{ url, server, ...state }] : []));
  const [first] = reached;
  const other = reached.find(({ systemId }) => systemId !== first?.systemId);
  if (first && other) {
    throw new DifferentClustersError(
      `${other.server} belongs to another cluster than ${first.server} (its system identifier is ${other.systemId} instead of ${first.systemId}). List only a primary and its standbys in DATABASE_URLS.`,
    );
  }
  const [primary] = reached.filter(({ isWritable }) => isWritable).sort((a, b) => b.timeline - a.timeline);
  if (primary) return { url: primary.url, systemId: primary.systemId };
  const reasons = results.map(({ server, state, error }) => `${server}: ${state ? 'read-only' : inOneLine(error)}`);
  const rejecting = results.find(({ error }) => error !== undefined && !isUnavailable(error));
  throw new NoPrimaryError(`No server accepts writes (${reasons.join('; ')})`, rejecting?.url);
}
