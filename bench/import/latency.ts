import { setTimeout as sleep } from 'node:timers/promises';
import { documents } from '../contestants/documents.ts';
import { startServer } from '../contestants/server-process.ts';
import { usergraph } from '../contestants/usergraph.ts';
import { SCATTER_STRIDE } from '../database/fill.ts';
import { credentials } from '../database/prepare.ts';
import type { ShowProgress } from '../report/progress.ts';
import { createSender, type SendDocument } from '../segments/gateway.ts';
import { startCommand } from './command.ts';
import { deleteEvents, type ImportDatabase } from './database.ts';
import { type GeneratedFiles, uidOf } from './files.ts';
import type { ImportSizes } from './options.ts';
import { POOL_SIZE } from './requests.ts';

/** Connections to the gateway: more than are in flight at once, so that no request waits for one. */
const CONNECTIONS = 200;

/** Seconds of a turn, as a multiple of those of a round of requests: the 99th percentile needs many requests. */
const TURN_ROUNDS = 3;

/** Seconds from the start of an import until it writes. */
const START_SECONDS = 2;

/** Latencies of `user` in ms, without and with an import, in one round. */
export interface LatencyRound {
  without: number[];
  during: number[];
  /** Events a second that the import wrote meanwhile. */
  imported: number;
}

/** Measures the latency of `user` without and with an import of events into the same workspace, in turns. */
export async function measureLatency(
  database: ImportDatabase,
  workspaceId: string,
  { files, sizes, showProgress }: { files: GeneratedFiles; sizes: ImportSizes; showProgress: ShowProgress },
): Promise<LatencyRound[]> {
  const settings = { databaseUrl: database.url, workspaceId, poolSize: POOL_SIZE };
  await using server = await startServer(usergraph, settings);
  const send = createSender(server.url, credentials, CONNECTIONS);
  const seconds = sizes.seconds * TURN_ROUNDS;
  await sendAtRate(send, sizes, START_SECONDS);
  const rounds: LatencyRound[] = [];
  for (let round = 1; round <= sizes.rounds; round += 1) {
    showProgress(`Round ${round} of ${sizes.rounds}: latency without an import`);
    await deleteEvents(database.client);
    await database.client.query('VACUUM ANALYZE user_activity');
    const without = await sendAtRate(send, sizes, seconds);
    showProgress(`Round ${round} of ${sizes.rounds}: latency with an import`);
    const args = ['import', 'events', files.events, '--workspace', workspaceId, '--again', '--resume', '--json'];
    const { child, ended } = await startCommand(database.url, args);
    // It fails if it is interrupted, and the load must end before that is thrown.
    const ending = ended.catch((error: unknown) => error);
    await sendAtRate(send, sizes, START_SECONDS);
    const before = await countEvents(database);
    const during = await sendAtRate(send, sizes, seconds);
    const imported = ((await countEvents(database)) - before) / seconds;
    child.kill('SIGINT');
    await ending;
    rounds.push({ without, during, imported });
  }
  return rounds;
}

/**
 * Sends requests at a fixed rate, however long the responses take.
 * @returns the time from when each was due until its response, in ms.
 */
async function sendAtRate(send: SendDocument, { rate, users }: ImportSizes, seconds: number): Promise<number[]> {
  const latencies: number[] = [];
  const sent: Promise<void>[] = [];
  const started = performance.now();
  for (let number = 0; number < rate * seconds; number += 1) {
    const due = started + (1_000 * number) / rate;
    await sleep(Math.max(0, due - performance.now()));
    const uid = uidOf(1 + ((number * SCATTER_STRIDE) % users));
    sent.push(send(documents.user, { uid }, '"devices"').then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(sent);
  return latencies;
}

async function countEvents({ client }: ImportDatabase): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM events');
  return Number(rows[0]?.count);
}
