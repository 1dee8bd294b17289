import { type DatabaseClient, openDatabase } from '../../src/db/client.ts';
import { addEvent } from '../../src/domain/events/add.ts';
import { type Actor, nameOfKey } from '../../src/domain/shared/actor.ts';
import { newId } from '../../src/domain/shared/ids.ts';
import { readUsers, readUsersPage } from '../../src/domain/users/read.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { time } from '../reads/time.ts';
import { spreadOf } from '../report/spread.ts';
import { withCleanup } from '../with-cleanup.ts';

const USERS = 200;
const PAGE = 30;

/** A session on a database, and a workspace that it has. */
interface Target {
  name: string;
  db: DatabaseClient;
  actor: Actor;
}

const uidOf = (number: number) => `user${number % USERS}`;

/** What is measured, with a number that differs from call to call. */
const operations: readonly { name: string; run(target: Target, number: number): Promise<unknown> }[] = [
  {
    name: 'read a user',
    run: ({ db, actor }, number) => readUsers(db, actor.workspaceId, [{ uid: uidOf(number) }]),
  },
  {
    name: `read a page of ${PAGE} users`,
    run: ({ db, actor }) => readUsersPage(db, actor.workspaceId, { size: PAGE, from: 'start' }),
  },
  {
    name: 'add an event',
    run: ({ db, actor }, number) => addEvent(db, actor, { uid: uidOf(number), name: 'Measured' }),
  },
];

/** Options of `npm run bench:distribution`. */
export interface DistributionOptions {
  /** URL of a migrated database on one server. */
  plain: string;
  /** URL of a distributed database, on any node. */
  distributed: string;
  rounds: number;
  ms: number;
}

/** Opens the node of a workspace and another one that has shards. */
async function openNodes(
  url: string,
  workspaceId: string,
  stack: AsyncDisposableStack,
): Promise<Omit<Target, 'actor'>[]> {
  const db = stack.adopt(openDatabase({ connectionString: url }, { poolSize: 1 }), (open) => open.$disconnect());
  const { rows } = await db.pool.query<{ host: string; port: number; own: boolean }>(
    `SELECT nodename AS host, nodeport AS port, groupid = (SELECT groupid FROM pg_dist_placement
       WHERE shardid = get_shard_id_for_distribution_column('workspaces', '${workspaceId}')) AS own
     FROM pg_dist_node WHERE shouldhaveshards ORDER BY nodeid`,
  );
  const open = (isOwn: boolean, name: string) => {
    const node = rows.find(({ own }) => own === isOwn);
    if (!node) return [];
    const address = new URL(url);
    address.hostname = node.host;
    address.port = String(node.port);
    const connection = { connectionString: address.href, isDistributed: true };
    const session = stack.adopt(openDatabase(connection, { poolSize: 1 }), (opened) => opened.$disconnect());
    return [{ name, db: session }];
  };
  return [...open(true, 'through its own node'), ...open(false, 'through another node')];
}

/** Creates a workspace with users. */
async function fill(url: string, isDistributed: boolean, stack: AsyncDisposableStack): Promise<Omit<Target, 'name'>> {
  const connection = { connectionString: url, isDistributed };
  const db = stack.adopt(openDatabase(connection, { poolSize: 1 }), (open) => open.$disconnect());
  const { id: workspaceId } = await createWorkspace(db, 'Measured');
  const now = new Date();
  const users = Array.from({ length: USERS }, (_, number) => ({
    workspaceId,
    id: newId(),
    uid: uidOf(number),
    email: `${uidOf(number)}@example.com`,
    createdAt: now,
    updatedAt: now,
  }));
  await db.user.createMany({ data: users });
  return { db, actor: { workspaceId, actorName: nameOfKey('bench'), scopes: new Set() } };
}

/** Measures each operation on one server, and on the nodes of a distributed database, in rounds that alternate between them. */
export function measureDistribution(options: DistributionOptions) {
  return withCleanup(async (stack) => {
    const plain = await fill(options.plain, false, stack);
    const distributed = await fill(options.distributed, true, stack);
    const nodes = await openNodes(options.distributed, distributed.actor.workspaceId, stack);
    const targets: Target[] = [
      { name: 'one server', ...plain },
      ...nodes.map((node) => ({ ...node, actor: distributed.actor })),
    ];
    const results = [];
    for (const { name, run } of operations) {
      const walls = targets.map((): number[] => []);
      let count = 0;
      for (let round = -1; round < options.rounds; round += 1) {
        for (const [place, target] of targets.entries()) {
          const { wall } = await time((number) => run(target, number + count), options.ms);
          // The first round warms up.
          if (round >= 0) walls[place]?.push(wall);
        }
        count += 1_000;
      }
      const medians = walls.map((wall) => spreadOf(wall).median);
      results.push({
        name,
        targets: targets.map((target, place) => ({ name: target.name, wall: medians[place] ?? 0 })),
      });
    }
    return results;
  });
}
