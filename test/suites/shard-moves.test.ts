import { expect, it } from 'vitest';
import { openDatabase } from '../../src/db/client.ts';
import { distribute, removeLocalRows } from '../../src/db/distribution/distribute.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { readChanges } from '../../src/domain/changes/page.ts';
import { CursorExpiredError } from '../../src/domain/shared/errors.ts';
import { createUser } from '../../src/domain/users/create.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../kit/actor.ts';
import { CitusCluster, hasCitus } from '../kit/citus-cluster.ts';
import { withConnection } from '../kit/database-url.ts';
import { printFigures } from '../kit/figures.ts';
import { define, settle, uidsIn } from '../kit/segments/workspace.ts';

/** Transactions that a node has more than the others. */
const LEAD = 20_000;

/** Assigns transaction ids on a node, so that they are higher than those of the other nodes. */
const assignTransactionIds = `
  DO $$ BEGIN FOR number IN 1..${LEAD} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`;

const settings = { poolSize: 3 };

/** Opens the database of a cluster of two workers, with a workspace that was created before its distribution. */
async function open(cluster: CitusCluster) {
  const connectionString = cluster.urlOf(0);
  await migrate({ connectionString });
  const plain = openDatabase({ connectionString }, settings);
  const { id: workspaceId } = await createWorkspace(plain, 'Moving');
  const actor = actorOf({ workspaceId }, 'test', 'users:identify');
  await createUser(plain, actor, { uid: 'before' });
  await plain.$disconnect();
  await withConnection(connectionString, async (client) => {
    await distribute(client, { shardCount: 4 });
    await removeLocalRows(client);
  });
  const db = openDatabase({ connectionString, isDistributed: true }, settings);
  const portOf = async () => {
    const [placement] = await cluster.query<{ shard: string; port: number }>(
      0,
      `SELECT shardid AS shard, nodeport AS port FROM pg_dist_shard_placement
       WHERE shardid = get_shard_id_for_distribution_column('workspaces', '${workspaceId}')`,
    );
    return { shard: placement?.shard, node: cluster.indexOf(placement?.port ?? 0) };
  };
  return {
    db,
    workspaceId,
    create: (uid: string) => createUser(db, actor, { uid }),
    portOf,
    /** Moves the shard of the workspace to the other worker. */
    async move() {
      const { shard, node } = await portOf();
      const [target = 0] = cluster.workers.filter((index) => index !== node);
      await cluster.query(
        0,
        `SELECT citus_move_shard_placement(${shard}, ${cluster.addressOf(node)}, ${cluster.addressOf(target)}, 'force_logical')`,
      );
    },
  };
}

/** Reads the log of changes from its beginning, or after a cursor, in pages of two. */
async function readUsers({ db, workspaceId }: Awaited<ReturnType<typeof open>>, after?: string): Promise<string[]> {
  const userIds: string[] = [];
  for (let cursor = after; ; ) {
    const page = await readChanges(db, workspaceId, { first: 2, after: cursor });
    userIds.push(...page.changes.flatMap(({ action, userId }) => (action === 'createUser' && userId ? [userId] : [])));
    cursor = page.cursor;
    if (!page.hasMore) break;
  }
  const uids = await db.query<{ id: string; uid: string }[]>`/* readUids */
    SELECT id, uid FROM users WHERE workspace_id = ${workspaceId}::uuid`;
  const uidOf = new Map(uids.map(({ id, uid }) => [id, uid]));
  return userIds.map((id) => uidOf.get(id) ?? id);
}

it.skipIf(!hasCitus)(
  'keeps the order of the log of changes, and reads each change once, on nodes with other ids',
  async () => {
    await using cluster = await CitusCluster.start(2);
    const place = await open(cluster);
    const { db, workspaceId } = place;
    try {
      const segmentId = await define(place, { uid: { isNull: false } });
      await place.create('first');
      await settle(place);
      const { cursor: start } = await readChanges(db, workspaceId, { fromNow: true });
      const { node } = await place.portOf();
      await cluster.query(node, assignTransactionIds);
      await place.create('second');

      // To the node with lower transaction ids. The consumer of the segment has not read the last change.
      await place.move();
      await place.create('third');
      await expect(readChanges(db, workspaceId, { after: start })).rejects.toThrow(CursorExpiredError);
      expect(await readUsers(place)).toEqual(['before', 'first', 'second', 'third']);
      await settle(place);
      expect(await uidsIn(place, segmentId)).toEqual(['before', 'first', 'second', 'third']);
      const { cursor: moved } = await readChanges(db, workspaceId, { fromNow: true });

      // Back to the node with higher ones, where the cursor from before the first move is valid again.
      await place.create('fourth');
      await place.move();
      await place.create('fifth');
      await expect(readChanges(db, workspaceId, { after: moved })).rejects.toThrow(CursorExpiredError);
      expect(await readUsers(place, start)).toEqual(['second', 'third', 'fourth', 'fifth']);
      await settle(place);
      expect(await uidsIn(place, segmentId)).toEqual(['before', 'fifth', 'first', 'fourth', 'second', 'third']);
      const epochs = await cluster.query(0, 'SELECT count(*)::int AS count FROM shard_epochs');
      printFigures('shard-moves', { moves: 2, epochs: Number(epochs[0]?.count) });
    } finally {
      await db.$disconnect();
    }
  },
);
