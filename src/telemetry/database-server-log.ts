import type { Logger } from 'pino';
import { type DatabaseServerMessage, databaseServerChannel, type Unsubscribe } from './channels.ts';

/** Logs changes of the servers of the database. */
export function logDatabaseServers(log: Pick<Logger, 'info' | 'warn'>): Unsubscribe {
  return databaseServerChannel.subscribe((message) => logDatabaseServer(message, log));
}

function logDatabaseServer(
  { event, server, former, problem }: DatabaseServerMessage,
  log: Pick<Logger, 'info' | 'warn'>,
): void {
  const lines = {
    failover: `PostgreSQL at ${server} is the primary now, instead of ${former}`,
    returned: `PostgreSQL at ${server} accepts writes again`,
    lost: `Looking for the primary of PostgreSQL: ${problem}`,
    rejected: `PostgreSQL at ${server} is not used: ${problem}. Correct DATABASE_URL or DATABASE_URLS`,
    rejectedReplica: `PostgreSQL at ${server} is not used as a replica: ${problem}. Correct DATABASE_REPLICA_URLS`,
    lostReplica: `PostgreSQL at ${server} is not used as a replica at the moment: ${problem}`,
    returnedReplica: `PostgreSQL at ${server} can be used as a replica again`,
  };
  if (event === 'failover' || event === 'returned' || event === 'returnedReplica') log.info(lines[event]);
  else log.warn(lines[event]);
}
