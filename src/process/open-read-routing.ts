import type { Config } from '../config/index.ts';
import type { Connection, DatabaseClient } from '../db/client.ts';
import { Replicas } from '../db/servers/replicas.ts';
import { type ReadRouting, RecentWrites } from '../http/read-routing.ts';
import type { shareWrites } from './cluster/share-writes.ts';

/** Delay in ms before the primary is asked for its position again, for example while this process is busy starting. */
const RETRY_MS = 250;

/** The routing of reads to replicas that are open. */
export interface OpenReadRouting extends ReadRouting {
  replicas: Replicas;
}

/** What tells the position of the primary. */
type PrimaryPosition = Pick<Replicas, 'maxStalenessMs' | 'positionAfterWrites'>;

/** Opens the replicas, if there are any. They need not be reachable. @param share exchanges writes with the other workers. */
export function openReadRouting(
  { replicas: settings, poolSize }: Config,
  db: DatabaseClient,
  connection: Connection,
  share?: typeof shareWrites,
): OpenReadRouting | undefined {
  if (!settings) return undefined;
  const primaryUrl = () => db.monitor?.url ?? connection.connectionString ?? '';
  const replicas = new Replicas(db, { ...settings, poolSize, connection, primaryUrl });
  return createReadRouting(replicas, share);
}

/** Routes reads by the writes of this worker and of the others. */
export function createReadRouting<Source extends PrimaryPosition>(replicas: Source, share?: typeof shareWrites) {
  const writes = new RecentWrites(replicas.maxStalenessMs);
  const sharing = share?.(writes);
  void initializeFloor(writes, replicas, sharing?.joined);
  return { replicas, writes, share: sharing?.share };
}

/**
 * Sets the floor of `writes` to the position of the primary, once the other workers notify this one of their writes. Until then, all reads
 * use the primary.
 */
async function initializeFloor(
  writes: RecentWrites,
  replicas: PrimaryPosition,
  joined: Promise<void> | undefined,
): Promise<void> {
  await joined;
  writes.floor = 'primary';
  // After that time, every fresh replica has replayed those writes.
  const deadline = performance.now() + replicas.maxStalenessMs;
  const ask = async () => {
    const position = await replicas.positionAfterWrites();
    if (position) writes.floor = position;
    else if (performance.now() < deadline) setTimeout(() => void ask(), RETRY_MS).unref();
  };
  await ask();
}
