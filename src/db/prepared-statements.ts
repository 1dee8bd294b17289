import type { PoolClient, Submittable } from 'pg';

/**
 * Maximum number of statements that a session keeps prepared. The domain has about 150 SQL texts; the rest is for dynamic SQL,
 * which has an unlimited number of texts. Each prepared statement takes tens of kilobytes of memory in PostgreSQL.
 */
export const MAX_PREPARED_STATEMENTS = 250;

/** How the rows of a prepared statement are parsed. PostgreSQL sends it only if it is asked to describe the statement. */
export interface RowFormat {
  /** A row whose columns are null. */
  template: Readonly<Record<string, null>>;
  columns: readonly { name: string; parse(text: string): unknown }[];
}

/** A prepared statement of a session. */
export interface Prepared {
  name: string;
  text: string;
  /** Undefined until PostgreSQL has described the rows. */
  format: RowFormat | undefined;
}

/** The prepared statements of a session. */
interface Session {
  /** By text; the one that was used least recently is first. */
  statements: Map<string, Prepared>;
  /** Number of names created so far; no name is used twice. */
  count: number;
}

const sessions = new WeakMap<PoolClient, Session>();

/**
 * Returns the statement as which a session prepares a text, so that PostgreSQL parses and plans it once. The driver never
 * releases a named statement; this deallocates the least recently used one when a session would exceed its maximum.
 */
export function prepare(client: PoolClient, text: string): Prepared | Promise<Prepared> {
  const session = sessions.get(client) ?? { statements: new Map<string, Prepared>(), count: 0 };
  sessions.set(client, session);
  const { statements } = session;
  const known = statements.get(text);
  // Reinserting it makes it the most recently used entry.
  statements.delete(text);
  const prepared = known ?? { name: `s${session.count++}`, text, format: undefined };
  statements.set(text, prepared);
  return statements.size <= MAX_PREPARED_STATEMENTS
    ? prepared
    : deallocateOldest(client, statements).then(() => prepared);
}

async function deallocateOldest(client: PoolClient, statements: Map<string, Prepared>): Promise<void> {
  const [oldest] = statements.values();
  if (!oldest) return;
  const { name, text } = oldest;
  statements.delete(text);
  const { parsedStatements } = client.connection;
  // A statement that PostgreSQL could not parse does not exist there.
  if (!(name in parsedStatements)) return;
  await closeStatement(client, name);
  delete parsedStatements[name];
}

/**
 * Deallocates a statement with a Close message. PgBouncer prepares statements under names of its own, so that it knows the name in a
 * Close message, but PostgreSQL does not know that of a DEALLOCATE statement.
 */
function closeStatement(client: PoolClient, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query({
      submit(connection) {
        connection.close({ type: 'S', name });
        connection.sync();
        return null;
      },
      handleReadyForQuery: () => resolve(),
      handleError: reject,
    } as Submittable);
  });
}
