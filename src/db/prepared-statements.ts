import type { PoolClient } from 'pg';

/**
 * Maximum number of statements that a session keeps prepared. The domain has about a hundred texts; the rest is room for
 * dynamic SQL, which has any number of texts. A session of PostgreSQL holds some tens of kilobytes for each.
 */
export const MAX_PREPARED_STATEMENTS = 250;

/** The prepared statements of a session. */
interface Session {
  /** Names by text; the one that was used least recently is first. */
  names: Map<string, string>;
  /** Number of names created so far; no name is used twice. */
  count: number;
}

const sessions = new WeakMap<PoolClient, Session>();

/**
 * Returns the name under which a session prepares a text, so that PostgreSQL parses and plans it once. The driver never
 * releases a named statement; this deallocates the least recently used one when a session would exceed its maximum.
 */
export function preparedName(client: PoolClient, text: string): string | Promise<string> {
  const session = sessions.get(client) ?? { names: new Map<string, string>(), count: 0 };
  sessions.set(client, session);
  const { names } = session;
  const known = names.get(text);
  // Set again, it is the most recently used.
  names.delete(text);
  const name = known ?? `s${session.count++}`;
  names.set(text, name);
  return names.size <= MAX_PREPARED_STATEMENTS ? name : deallocateOldest(client, names).then(() => name);
}

async function deallocateOldest(client: PoolClient, names: Map<string, string>): Promise<void> {
  const [oldest] = names;
  if (!oldest) return;
  const [text, name] = oldest;
  names.delete(text);
  const prepared = driverStatements(client);
  // PostgreSQL does not know a statement that it could not parse.
  if (!(name in prepared)) return;
  await client.query(`DEALLOCATE ${name}`);
  delete prepared[name];
}

/** The driver's own record, by name, of what a session has prepared. */
function driverStatements(client: PoolClient): Record<string, unknown> {
  const connection = 'connection' in client ? client.connection : undefined;
  const statements =
    typeof connection === 'object' && connection && 'parsedStatements' in connection
      ? connection.parsedStatements
      : undefined;
  if (typeof statements !== 'object' || !statements) throw new Error('pg.Connection has no parsedStatements.');
  return statements as Record<string, unknown>;
}
