import type { Config } from '../config/index.ts';
import type { Connection, DatabaseClient } from '../db/client.ts';
import { Replicas } from '../db/servers/replicas.ts';
import { type ReadRouting, RecentWrites } from '../http/read-routing.ts';
import type { WriteSharing } from './cluster/share-writes.ts';

/** Delay in ms after which the primary is asked again for its position if it did not answer, such as while this process is busy starting. */
const RETRY_MS = 250;

/** The routing of reads to replicas that are open. */
export interface OpenReadRouting extends ReadRouting {
  replicas: Replicas;
}

/** Tells the other workers about writes, and this one about theirs. */
export type ShareWrites = (writes: RecentWrites) => WriteSharing;

/** Opens the replicas, if there are any. They need not be reachable. */
export function openReadRouting(
  { replicas: settings, poolSize }: Config,
  db: DatabaseClient,
  connection: Connection,
  shareWrites?: ShareWrites,
): OpenReadRouting | undefined {
  if (!settings) return undefined;
  const primaryUrl = () => db.monitor?.url ?? connection.connectionString ?? '';
  const replicas = new Replicas(db, { ...settings, poolSize, connection, primaryUrl });
  return { replicas, ...rememberWrites(replicas, shareWrites) };
}

/** Remembers the writes of this worker and of the others. */
export function rememberWrites(
  replicas: Pick<Replicas, 'maxStalenessMs' | 'positionAfterWrites'>,
  shareWrites?: ShareWrites,
): Pick<ReadRouting, 'writes' | 'share'> {
  const writes = new RecentWrites(replicas.maxStalenessMs);
  const sharing = shareWrites?.(writes);
  void initializeFloor(writes, replicas, sharing?.joined);
  return { writes, share: sharing?.share };
}

/** Finds out what has been written before this worker is told about writes. Until that is known, reads use the primary. */
async function initializeFloor(
  writes: RecentWrites,
  replicas: Pick<Replicas, 'maxStalenessMs' | 'positionAfterWrites'>,
  joined: Promise<void> | undefined,
): Promise<void> {
  await joined;
  writes.floor = 'primary';
  // Later, fresh replicas have it.
  const deadline = performance.now() + replicas.maxStalenessMs;
  const ask = async () => {
    const position = await replicas.positionAfterWrites();
    if (position) writes.floor = position;
    else if (performance.now() < deadline) setTimeout(() => void ask(), RETRY_MS).unref();
  };
  await ask();
}
