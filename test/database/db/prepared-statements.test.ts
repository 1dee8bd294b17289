import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type DatabaseClient, openDatabase, type WriteDb } from '../../../src/db/client.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { MAX_PREPARED_STATEMENTS } from '../../../src/db/prepared-statements.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { createDatabase } from '../../kit/database.ts';
import { variant } from '../../kit/variant.ts';

const MORE = MAX_PREPARED_STATEMENTS + 50;

/** A statement whose text differs for each number. */
const textOf = (number: number, clause = '') => Prisma.raw(`SELECT ${number} AS number ${clause}`);

/** Number of statements that the pool's only session has prepared. */
const prepared = async ({ pool }: DatabaseClient) => {
  const { rows } = await pool.query('SELECT count(*)::int AS count FROM pg_prepared_statements');
  return rows[0].count;
};

/** The names in the Close messages of a client. A message has its type, its length and its contents. */
function closedStatements(bytes: string | Uint8Array): string[] {
  const names: string[] = [];
  const buffer = Buffer.from(bytes);
  for (let start = 0; start < buffer.length; start += 1 + buffer.readInt32BE(start + 1)) {
    const end = start + 1 + buffer.readInt32BE(start + 1);
    const isClose =
      buffer.toString('latin1', start, start + 1) === 'C' && buffer.toString('latin1', start + 5, start + 6) === 'S';
    if (isClose) names.push(buffer.toString('utf8', start + 6, end - 1));
  }
  return names;
}

describe.runIf(variant.prepared)('the prepared statements of a session', () => {
  it.each([
    ['single statements', (db: DatabaseClient, run: (db: WriteDb) => Promise<void>) => run(db)],
    [
      "a workspace's statements",
      (db: DatabaseClient, run: (db: WriteDb) => Promise<void>) => run(db.forWorkspace('w')),
    ],
    ['a transaction', (db: DatabaseClient, run: (db: WriteDb) => Promise<void>) => inTransaction(db, run)],
  ])('are bounded, whatever the number of texts: %s', async (_name, within) => {
    await using database = await createDatabase({ poolSize: 1 });
    const { db } = database;
    await within(db, async (handle) => {
      for (let number = 0; number < MORE; number += 1) {
        expect(await handle.query(textOf(number))).toEqual([{ number }]);
      }
    });
    expect(await prepared(db)).toBe(MAX_PREPARED_STATEMENTS);
  });

  it('are those that were used last; one that was deallocated is prepared again', async () => {
    await using database = await createDatabase({ poolSize: 1 });
    const { db } = database;
    for (let number = 0; number < MORE; number += 1) {
      await db.query(textOf(number));
      await db.query`SELECT 'often'`;
    }
    expect(await db.query(textOf(0))).toEqual([{ number: 0 }]);
    const [often] = await db.query<{ executions: number }[]>`
      SELECT (generic_plans + custom_plans)::int AS executions FROM pg_prepared_statements WHERE statement LIKE '%often%'
        AND statement NOT LIKE '%pg_prepared%'`;
    expect(often).toEqual({ executions: MORE });
  });

  it('are bounded although statements fail, when they are parsed or when they run', async () => {
    await using database = await createDatabase({ poolSize: 1 });
    const { db } = database;
    for (let number = 0; number < MORE; number += 1) {
      await expect(db.query(textOf(number, 'FROM nowhere'))).rejects.toThrow('"nowhere" does not exist');
      await expect(db.query(textOf(number, 'WHERE 1 / 0 = 1'))).rejects.toThrow('division by zero');
    }
    for (let number = 0; number < MORE; number += 1) await db.query(textOf(-number));
    expect(await prepared(db)).toBe(MAX_PREPARED_STATEMENTS);
  });

  it('are deallocated by Close messages, which PgBouncer understands', async () => {
    await using database = await createDatabase({ poolSize: 1, isDirect: true });
    const { db } = database;
    const closed: string[] = [];
    db.pool.on('connect', (client) => {
      const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
      const write = stream.write.bind(stream);
      stream.write = (bytes: string | Uint8Array, ...rest: []) => {
        closed.push(...closedStatements(bytes));
        return write(bytes, ...rest);
      };
    });
    for (let number = 0; number < MAX_PREPARED_STATEMENTS + 3; number += 1) await db.query(textOf(number));
    expect(closed).toEqual(['s0', 's1', 's2']);
    expect(await prepared(db)).toBe(MAX_PREPARED_STATEMENTS);
  });

  it('are none behind a pooler that cannot keep them', async () => {
    await using database = await createDatabase({ poolSize: 1 });
    const db = openDatabase(database.connection, { poolSize: 1, prepared: false });
    for (let number = 0; number < 3; number += 1) await db.query(textOf(number));
    expect(await prepared(db)).toBe(0);
    await db.$disconnect();
  });
});
