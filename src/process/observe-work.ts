import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { type DatabaseServerMessage, databaseServerChannel } from '../telemetry/channels.ts';
import { logListenerErrors } from '../telemetry/listener-errors.ts';
import { followWork, type Tracer } from '../telemetry/work.ts';

/** What follows the work of this process. */
export interface WorkObservation {
  /** Undefined if there are no traces. */
  tracer: Tracer | undefined;
  /** Exports what has ended, for a limited time. */
  stop(): Promise<void>;
}

/**
 * Logs changes of the servers of the database and errors of listeners, and follows the work of this process if any of it is traced or
 * logged. Call it before the database is opened, which reports changes of its servers from then on.
 */
export async function observeWork(
  { tracing, slowOperationMs, databaseVariable }: Pick<Config, 'tracing' | 'slowOperationMs' | 'databaseVariable'>,
  log: Logger,
): Promise<WorkObservation> {
  logListenerErrors((err, source) => log.error({ err, source }, 'unexpected error of a listener'));
  const stopLogging = databaseServerChannel.subscribe((message) => logServerChange(message, databaseVariable, log));
  const tracer = tracing && (await import('../telemetry/tracing.ts')).startTracing(tracing, log);
  if (tracer || slowOperationMs > 0) followWork(tracer);
  const stop = async () => {
    stopLogging();
    await tracer?.stop();
  };
  return { tracer, stop };
}

function logServerChange(
  { event, server, former, problem }: DatabaseServerMessage,
  databaseVariable: Config['databaseVariable'],
  log: Logger,
): void {
  const lines = {
    failover: `PostgreSQL at ${server} is the primary now, instead of ${former}`,
    returned: `PostgreSQL at ${server} accepts writes again`,
    lost: `Looking for the primary of PostgreSQL: ${problem}`,
    rejected: `PostgreSQL at ${server} is not used: ${problem}. Correct ${databaseVariable}`,
    rejectedReplica: `PostgreSQL at ${server} is not used as a replica: ${problem}. Correct DATABASE_REPLICA_URLS`,
    lostReplica: `PostgreSQL at ${server} is not used as a replica at the moment: ${problem}`,
    returnedReplica: `PostgreSQL at ${server} can be used as a replica again`,
  };
  if (event === 'failover' || event === 'returned' || event === 'returnedReplica') log.info(lines[event]);
  else log.warn(lines[event]);
}
