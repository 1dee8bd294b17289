import type { Client } from 'pg';
import { serverOf } from './session.ts';
import { withinBudget } from './within-budget.ts';

/** A task needs a session, which a connection pooler in transaction mode does not give; the message is one line. */
export class PooledSessionError extends Error {
  override name = 'PooledSessionError';
}

/** Number of times that a second session tries to get the connection of the first. */
const ATTEMPTS = 3;

/** How long in ms the first session waits for a connection while the second one has one. */
const WAIT_MS = 2_000;

/**
 * Checks that a session keeps its connection to PostgreSQL between transactions. The process id that PgBouncer announces is not
 * that of PostgreSQL. In transaction mode, a second session that opens a transaction gets the connection that the first one has
 * used last, and the first one gets another.
 * @param openSecond opens another session with the same address.
 * @param task what needs the session, for the message.
 * @returns the process id of PostgreSQL.
 * @throws {PooledSessionError}
 */
export async function requireSession(client: Client, openSecond: () => Promise<Client>, task: string): Promise<number> {
  const pid = await readPid(client);
  if (pid === client.processID) return pid;
  const second = await openSecond();
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await second.query('BEGIN');
      await readPid(second);
      const found = await withinBudget(readPid(client), WAIT_MS);
      await second.query('ROLLBACK');
      if (found === pid) continue;
      throw new PooledSessionError(
        `PostgreSQL at ${serverOf(client)} is behind a connection pooler in transaction mode, and ${task} need a session. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself.`,
      );
    }
    return pid;
  } finally {
    await second.end().catch(() => {});
  }
}

async function readPid(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('/* readPid */ SELECT pg_backend_pid() AS pid');
  const [row] = rows;
  if (!row) throw new Error('PostgreSQL has not returned the process id of the session.');
  return row.pid;
}
