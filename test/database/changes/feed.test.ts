import type { Pool, PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Change,
  changesAfter,
  changesBetween,
  currentSnapshot,
  type Snapshot,
} from '../../../src/domain/changes/feed.ts';
import { startApp } from '../../kit/app.ts';
import { seededRandom } from '../../kit/random.ts';

const app = await startApp({ poolSize: 12 });
afterAll(() => app[Symbol.asyncDispose]());

const { db, workspaceId } = app;

beforeEach(async () => {
  await db.change.deleteMany();
});

/** A user whose row a transaction locks before it records a change, as all writers do. */
const users = Array.from({ length: 6 }, () => uuidv7());

/** Records a change of a user in the transaction of a connection; with `name` in `changed`. */
async function write(client: Pick<PoolClient, 'query'> | Pool, userId: string | null, name = ''): Promise<void> {
  await client.query(
    `INSERT INTO changes (workspace_id, at, key_id, action, user_id, changed) VALUES ($1, now(), 'test', 'updateUser', $2, $3)`,
    [workspaceId, userId, [name]],
  );
}

/** Runs `act` with connections of their own, and rolls back what they leave open. */
async function withClients(count: number, act: (clients: PoolClient[]) => Promise<void>): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => db.pool.connect()));
  try {
    await act(clients);
  } finally {
    for (const client of clients) {
      await client.query('ROLLBACK');
      client.release();
    }
  }
}

const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index];
  if (item === undefined) throw new Error(`No item ${index}.`);
  return item;
};

const namesOf = (changes: readonly Change[]) => changes.map(({ changed }) => changed?.[0]);

/** Reads until no more changes are visible. */
async function readAll(after: Snapshot, limit: number) {
  const pieces: (readonly Change[])[] = [];
  let snapshot = after;
  for (;;) {
    const piece = await changesAfter(db, workspaceId, snapshot, limit);
    pieces.push(piece.changes);
    ({ snapshot } = piece);
    // Other tests write at the same time: there can be an empty piece at the end.
    if (!piece.hasMore) return { pieces: pieces.filter(({ length }) => length > 0), changes: pieces.flat(), snapshot };
  }
}

describe('changesAfter', () => {
  it('skips the changes of an actor, which do not count towards the limit', async () => {
    let snapshot = await currentSnapshot(db, workspaceId);
    for (const name of ['a', 'b', 'c']) {
      await write(db.pool, at(users, 0), name);
      await db.pool.query(
        `INSERT INTO changes (workspace_id, at, key_id, action, user_id)
        SELECT $1, now(), 'segments', 'enterSegment', $2 FROM generate_series(1, 5)`,
        [workspaceId, at(users, 0)],
      );
    }
    const pieces = [];
    for (let hasMore = true; hasMore; ) {
      const piece = await changesAfter(db, workspaceId, snapshot, 2, { except: 'segments' });
      pieces.push(namesOf(piece.changes));
      ({ snapshot, hasMore } = piece);
    }
    expect(pieces.filter((piece) => piece.length > 0)).toEqual([['a', 'b'], ['c']]);
  });

  it('returns what was committed since, once', async () => {
    const start = await currentSnapshot(db, workspaceId);
    await write(db.pool, at(users, 0), 'a');
    const first = await changesAfter(db, workspaceId, start, 10);
    expect(first).toMatchObject({ hasMore: false });
    expect(first.changes).toEqual([
      {
        id: expect.stringMatching(/^\d+-\d+$/),
        seq: expect.stringMatching(/^\d+$/),
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        keyId: 'test',
        action: 'updateUser',
        userId: at(users, 0),
        listId: null,
        eventId: null,
        segmentId: null,
        apiKeyId: null,
        changed: ['a'],
      },
    ]);
    expect((await changesAfter(db, workspaceId, first.snapshot, 10)).changes).toEqual([]);
  });

  it('returns nothing of other workspaces', async () => {
    const start = await currentSnapshot(db, workspaceId);
    await write(db.pool, at(users, 0));
    expect((await changesAfter(db, app.stranger.workspaceId, start, 10)).changes).toEqual([]);
  });

  it('returns a transaction that was in progress when it has committed, and none that was rolled back', async () => {
    const start = await currentSnapshot(db, workspaceId);
    await withClients(3, async (clients) => {
      const [early, aborted, late] = [at(clients, 0), at(clients, 1), at(clients, 2)];
      for (const client of clients) await client.query('BEGIN');
      await write(early, at(users, 0), 'early');
      await write(aborted, at(users, 1), 'aborted');
      await write(late, at(users, 2), 'late');
      await late.query('COMMIT');
      const first = await changesAfter(db, workspaceId, start, 10);
      expect(namesOf(first.changes)).toEqual(['late']);
      await aborted.query('ROLLBACK');
      await early.query('COMMIT');
      expect(namesOf((await changesAfter(db, workspaceId, first.snapshot, 10)).changes)).toEqual(['early']);
    });
  });

  it('returns what a transaction has kept of its savepoints', async () => {
    const start = await currentSnapshot(db, workspaceId);
    await withClients(1, async (clients) => {
      const client = at(clients, 0);
      await client.query('BEGIN; SAVEPOINT one');
      await write(client, at(users, 0), 'undone');
      await client.query('ROLLBACK TO one; SAVEPOINT two');
      await write(client, at(users, 0), 'kept');
      await client.query('RELEASE two');
      expect((await changesAfter(db, workspaceId, start, 10)).changes).toEqual([]);
      await client.query('COMMIT');
    });
    expect(namesOf((await readAll(start, 1)).changes)).toEqual(['kept']);
  });

  it('splits pieces only between transactions', async () => {
    const start = await currentSnapshot(db, workspaceId);
    for (let place = 0; place < 25; place++) await write(db.pool, null, String(place));
    const { pieces, changes } = await readAll(start, 10);
    expect(pieces.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(namesOf(changes)).toEqual(Array.from({ length: 25 }, (_, place) => String(place)));
  });

  it('returns a transaction that exceeds the limit by itself as a whole', async () => {
    const start = await currentSnapshot(db, workspaceId);
    await withClients(1, async (clients) => {
      const client = at(clients, 0);
      await client.query('BEGIN');
      for (let place = 0; place < 30; place++) await write(client, null, String(place));
      await client.query('COMMIT');
    });
    await write(db.pool, null, 'after');
    const { pieces } = await readAll(start, 10);
    expect(pieces.map(({ length }) => length)).toEqual([30, 1]);
  });

  it('does not return a change of a user before an earlier one of a transaction with a greater id', async () => {
    const start = await currentSnapshot(db, workspaceId);
    const user = at(users, 0);
    await withClients(2, async (clients) => {
      const [first, second] = [at(clients, 0), at(clients, 1)];
      await first.query('BEGIN; SELECT pg_current_xact_id()');
      for (let place = 0; place < 5; place++) await write(second, at(users, 1), 'other');
      await write(second, user, 'earlier');
      await write(first, user, 'later');
      await first.query('COMMIT');
    });
    const { changes } = await readAll(start, 2);
    expect(namesOf(changes.filter(({ userId }) => userId === user))).toEqual(['earlier', 'later']);
    expect(changes).toHaveLength(7);
  });

  it('reaches the target snapshot before it continues, even if an earlier transaction commits meanwhile', async () => {
    const start = await currentSnapshot(db, workspaceId);
    await withClients(1, async (clients) => {
      const client = at(clients, 0);
      await client.query('BEGIN');
      await write(client, at(users, 0), 'open');
      for (let place = 0; place < 5; place++) await write(db.pool, null, String(place));
      const piece = await changesAfter(db, workspaceId, start, 2);
      await client.query('COMMIT');
      const { changes } = await readAll(piece.snapshot, 2);
      expect(namesOf([...piece.changes, ...changes])).toEqual(['0', '1', '2', '3', '4', 'open']);
    });
  });
});

describe('changesBetween', () => {
  it('returns the changes between two snapshots by their seq', async () => {
    const from = await currentSnapshot(db, workspaceId);
    for (const name of ['a', 'b', 'c']) await write(db.pool, null, name);
    const to = await currentSnapshot(db, workspaceId);
    await write(db.pool, null, 'd');
    const first = await changesBetween(db, workspaceId, { from, to, seq: '0', limit: 2 });
    expect(namesOf(first)).toEqual(['a', 'b']);
    const seq = at(first, 1).seq;
    expect(namesOf(await changesBetween(db, workspaceId, { from, to, seq, limit: 2 }))).toEqual(['c']);
  });
});

describe('with random transactions', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    "gives each change once, a user's in order (seed %i)",
    async (seed) => {
      const random = seededRandom(seed);
      const below = (limit: number) => Math.floor(random() * limit);
      const start = await currentSnapshot(db, workspaceId);
      const readers = [1, 2, 3, 7, 1000].map((limit) => ({ limit, snapshot: start, seen: [] as Change[] }));
      const read = async (reader: (typeof readers)[number]) => {
        const { changes, snapshot, hasMore } = await changesAfter(db, workspaceId, reader.snapshot, reader.limit);
        reader.seen.push(...changes);
        reader.snapshot = snapshot;
        return hasMore;
      };
      await withClients(6, async (clients) => {
        const open = new Set<PoolClient>();
        for (let step = 0; step < 250; step++) {
          const client = at(clients, below(clients.length));
          const choice = random();
          if (!open.has(client)) {
            // Half of them get their id now and write later.
            await client.query(random() < 0.5 ? 'BEGIN; SELECT pg_current_xact_id()' : 'BEGIN');
            open.add(client);
          } else if (choice < 0.6) {
            const user = at(users, below(users.length));
            const { rows } = await client.query('SELECT pg_try_advisory_xact_lock(hashtext($1)) AS locked', [user]);
            if (!rows[0].locked) continue;
            if (choice < 0.1) await client.query('SAVEPOINT one');
            await write(client, user);
            if (choice < 0.05) await client.query('ROLLBACK TO one');
          } else {
            await client.query(choice < 0.9 ? 'COMMIT' : 'ROLLBACK');
            open.delete(client);
          }
          if (random() < 0.2) await read(at(readers, below(readers.length)));
        }
      });
      const { rows } = await db.pool.query<{ id: string }>(
        `SELECT xid || '-' || seq AS id FROM changes WHERE workspace_id = $1 ORDER BY id`,
        [workspaceId],
      );
      const committed = rows.map(({ id }) => id);
      expect(committed.length).toBeGreaterThan(20);
      for (const reader of readers) {
        while (await read(reader)) {}
        expect(reader.seen.map(({ id }) => id).sort(), `limit ${reader.limit}`).toEqual(committed.toSorted());
        for (const user of users) {
          const seqs = reader.seen.filter(({ userId }) => userId === user).map(({ seq }) => Number(seq));
          expect(seqs, `limit ${reader.limit}`).toEqual(seqs.toSorted((a, b) => a - b));
        }
      }
    },
  );
});
