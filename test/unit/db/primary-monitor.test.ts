import { EventEmitter } from 'node:events';
import { Client, DatabaseError, type Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerState } from '../../../src/db/servers/choose-primary.ts';
import { PrimaryMonitor } from '../../../src/db/servers/primary-monitor.ts';
import { type ProbedState, ServerProbe } from '../../../src/db/servers/server-probe.ts';
import { type DatabaseServerMessage, databaseServerChannel } from '../../../src/telemetry/channels.ts';

const urls = ['postgres://h1:1/usergraph', 'postgres://h2:2/usergraph'];
const servers = { urls, systemId: 'ours', database: 'usergraph', timeline: 2 };
const answer = (more: Partial<ServerState> = {}) =>
  ({ ...servers, isWritable: true, instance: 'i', ...more }) as unknown as ProbedState;

/** What the servers answer; undefined if they do not. */
let states: (ProbedState | undefined)[] = [];
/** When the first one was asked, in ms. */
let askedAt: number[] = [];
let messages: DatabaseServerMessage[] = [];
let monitor: PrimaryMonitor;
let unsubscribe: () => void;

/** A connection of a pool with its last event. */
function watchConnection(event: 'acquire' | 'release', error?: Error): Client {
  const client = new Client();
  client.connection.stream.on('error', () => {});
  const pool = new EventEmitter();
  monitor.registerConnection(client);
  monitor.watchPool(pool as unknown as Pool);
  pool.emit(event, ...(event === 'release' ? [error, client] : [client]));
  return client;
}

/** Starts with the first server as the primary. */
async function startMonitor(more: Partial<typeof servers> = {}): Promise<void> {
  monitor = new PrimaryMonitor({ ...servers, ...more }, urls[0] ?? '');
  await monitor.ready;
}

beforeEach(() => {
  vi.useFakeTimers();
  states = [answer(), answer({ isWritable: false })];
  [askedAt, messages] = [[], []];
  unsubscribe = databaseServerChannel.subscribe((message) => messages.push(message));
  vi.spyOn(ServerProbe.prototype, 'ask').mockImplementation(async function (this: ServerProbe) {
    const index = urls.indexOf(this.url);
    if (index === 0) askedAt.push(performance.now());
    const state = states[index];
    if (!state) throw new Error('connect ECONNREFUSED');
    return state;
  });
});

afterEach(() => {
  monitor.stop();
  unsubscribe();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the monitor of the primary', () => {
  it('rejects a primary on a lower timeline than was found on startup', async () => {
    states = [answer({ timeline: 1 }), undefined];
    await startMonitor();
    expect(monitor.problem).toBe('h1:1 is outdated, on timeline 1 instead of 2, and no other server has been promoted');
  });

  it('knows the primary of the moment once it is ready', async () => {
    states = [undefined, answer({ timeline: 3 })];
    await startMonitor();
    expect([monitor.url, monitor.problem]).toEqual([urls[1], undefined]);
  });

  it('remembers a timeline that a standby has told of', async () => {
    states = [answer(), answer({ isWritable: false, timeline: 3 })];
    await startMonitor();
    states = [answer(), undefined];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(monitor.problem).toContain('h1:1 is outdated, on timeline 2 instead of 3');
  });

  it('knows no primary after two promotions to one timeline, and names both servers', async () => {
    await startMonitor({ timeline: 1 });
    states = [answer({ timeline: 3, instance: 'a' }), answer({ timeline: 3, instance: 'b' })];
    await vi.advanceTimersByTimeAsync(1_000);
    const problem = 'h1:1 and h2:2 accept writes on the same timeline 3; stop all but the primary';
    expect(messages).toEqual([{ event: 'lost', server: 'h1:1', problem }]);
    expect(monitor.problem).toBe(problem);
  });

  it('rejects a server with another database', async () => {
    states = [undefined, answer({ timeline: 3, database: 'other' })];
    await startMonitor();
    const problem = 'its database is other instead of usergraph';
    expect(messages).toEqual([{ event: 'rejected', server: 'h2:2', problem }]);
    expect(monitor.url).toBe(urls[0]);
  });

  it('is ready after one missed probe, not after two, and says that the server does not answer', async () => {
    await startMonitor();
    states[0] = undefined;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(monitor.problem).toBeUndefined();
    await vi.advanceTimersByTimeAsync(250);
    expect(monitor.problem).toBe('h1:1 does not answer, and no other server has been promoted');
    states[0] = answer();
    await vi.advanceTimersByTimeAsync(250);
    expect(monitor.problem).toBeUndefined();
    expect(messages.map(({ event }) => event)).toEqual(['lost', 'returned']);
  });

  it('reports each problem once while the primary is lost', async () => {
    await startMonitor();
    for (const state of [undefined, answer({ isWritable: false }), undefined, answer({ isWritable: false })]) {
      states[0] = state;
      await vi.advanceTimersByTimeAsync(1_500);
    }
    expect(messages.map(({ problem }) => problem)).toEqual([
      'h1:1 does not answer, and no other server has been promoted',
      'h1:1 does not accept writes, and no other server has been promoted',
    ]);
  });

  it('reports a problem again after a minute if another one was reported meanwhile', async () => {
    await startMonitor();
    for (const state of [undefined, answer({ isWritable: false }), undefined]) {
      states[0] = state;
      await vi.advanceTimersByTimeAsync(1_500);
    }
    await vi.advanceTimersByTimeAsync(120_000);
    expect(messages.map(({ problem }) => problem)).toEqual([
      'h1:1 does not answer, and no other server has been promoted',
      'h1:1 does not accept writes, and no other server has been promoted',
      'h1:1 does not answer, and no other server has been promoted',
    ]);
  });

  it('is not ready at once if the primary answers that it does not accept writes', async () => {
    await startMonitor();
    states[0] = answer({ isWritable: false });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(monitor.problem).toContain('h1:1 does not accept writes');
  });

  it('asks at most every 250 ms, however often it is to ask soon', async () => {
    await startMonitor();
    for (let ms = 0; ms < 1_000; ms += 10) {
      monitor.askSoon();
      await vi.advanceTimersByTimeAsync(10);
    }
    const intervals = askedAt.slice(1).map((at, index) => at - (askedAt[index] ?? 0));
    expect(askedAt.length).toBeGreaterThan(3);
    expect(Math.min(...intervals)).toBeGreaterThanOrEqual(250);
  });

  it('asks again if that was requested during a probe', async () => {
    await startMonitor();
    let answerNow = (_state: ProbedState) => {};
    vi.mocked(ServerProbe.prototype.ask).mockImplementationOnce(() => new Promise((resolve) => (answerNow = resolve)));
    await vi.advanceTimersByTimeAsync(1_000);
    monitor.askSoon();
    answerNow(answer());
    states = [undefined, answer({ timeline: 3 })];
    await vi.advanceTimersByTimeAsync(250);
    expect(monitor.url).toBe(urls[1]);
  });

  it('breaks connections in use when the primary has moved', async () => {
    await startMonitor();
    const { connection } = watchConnection('acquire');
    states = [undefined, answer({ timeline: 3 })];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(connection.stream.destroyed).toBe(true);
  });

  it.each([
    ['breaks', 'idle', 'release', true],
    ['keeps', 'in use', 'acquire', false],
  ] as const)('%s a connection that is %s when the primary has returned', async (_verb, _use, event, isBroken) => {
    await startMonitor();
    const { connection } = watchConnection(event);
    states[0] = undefined;
    await vi.advanceTimersByTimeAsync(1_250);
    states[0] = answer();
    await vi.advanceTimersByTimeAsync(250);
    expect(messages.map((message) => message.event)).toEqual(['lost', 'returned']);
    expect(connection.stream.destroyed).toBe(isBroken);
  });

  it('asks soon if a connection is released because of its server, not after a timeout of a statement or a lock', async () => {
    await startMonitor();
    await vi.advanceTimersByTimeAsync(250);
    const fail = (code: string) => Object.assign(new DatabaseError('failed', 0, 'error'), { code });
    for (const error of [undefined, fail('57014'), fail('55P03')]) watchConnection('release', error);
    await vi.advanceTimersByTimeAsync(10);
    expect(askedAt).toHaveLength(1);
    watchConnection('release', fail('25006'));
    await vi.advanceTimersByTimeAsync(10);
    expect(askedAt).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(250);
    watchConnection('release', new Error('Connection terminated unexpectedly'));
    await vi.advanceTimersByTimeAsync(10);
    expect(askedAt).toHaveLength(3);
  });
});
