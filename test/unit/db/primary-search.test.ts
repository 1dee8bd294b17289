import { DatabaseError } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ProbedState, ServerProbe } from '../../../src/db/servers/server-probe.ts';
import { StartError } from '../../../src/dev/start-error.ts';
import { checkDatabase, UnreachableError } from '../../../src/process/database-check.ts';
import { checkServers } from '../../../src/process/primary-search.ts';

vi.mock('../../../src/process/database-check.ts', async (original) => ({
  ...(await original<object>()),
  checkDatabase: vi.fn(),
}));

const [first, second] = ['postgres://h1:1/usergraph', 'postgres://h2:2/usergraph'];
const primary = (timeline: number, more = {}) =>
  ({
    systemId: 'ours',
    database: 'usergraph',
    timeline,
    instance: `${timeline}`,
    isWritable: true,
    ...more,
  }) as ProbedState;
const standby = primary(1, { isWritable: false });
const rejected = Object.assign(new DatabaseError('password authentication failed', 0, 'error'), { code: '28P01' });
const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');

/** What the servers answer in each attempt; the last attempt repeats. */
let attempts: [ProbedState | Error, ProbedState | Error][] = [];
const warn = vi.fn();

const search = (waitMs: number) =>
  checkServers([first, second], {
    variable: 'DATABASE_URLS',
    waitMs,
    log: { info: vi.fn(), warn },
    signal: new AbortController().signal,
    sessions: { timeouts: { statementMs: 1, lockMs: 1 }, allowsShorter: true, prepared: true },
  });

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(ServerProbe.prototype, 'ask').mockImplementation(async function (this: ServerProbe) {
    const answer = attempts[0]?.[this.url === first ? 0 : 1];
    // The second server is asked last.
    if (this.url === second && attempts.length > 1) attempts.shift();
    if (!answer || answer instanceof Error) throw answer;
    return answer;
  });
  vi.mocked(checkDatabase).mockImplementation(async (url) => ({
    connection: { connectionString: url },
    description: url,
  }));
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.clearAllMocks();
});

it('passes on what it has found', async () => {
  attempts = [[standby, primary(2)]];
  expect(await search(0)).toMatchObject({
    connection: {
      connectionString: second,
      servers: { urls: [first, second], systemId: 'ours', database: 'usergraph', timeline: 2 },
    },
  });
});

it('looks for another primary if the one that was found becomes unreachable', async () => {
  attempts = [
    [primary(1), standby],
    [refused, primary(2)],
  ];
  vi.mocked(checkDatabase).mockRejectedValueOnce(new UnreachableError('unreachable', 'connect ECONNREFUSED'));
  const found = search(10_000);
  await vi.advanceTimersByTimeAsync(600);
  expect((await found).description).toBe(second);
  expect(vi.mocked(checkDatabase).mock.calls.map(([url, { waitMs }]) => [url, waitMs])).toEqual([
    [first, 0],
    [second, 0],
  ]);
  expect(warn).toHaveBeenCalledWith(
    'The primary that was found has become unreachable (connect ECONNREFUSED); retrying for up to 10000 ms',
  );
});

it('waits for a primary although a standby rejects the password', async () => {
  attempts = [
    [rejected, standby],
    [rejected, primary(2)],
  ];
  vi.mocked(checkDatabase).mockImplementation(async (url) => {
    if (url === first) throw new StartError('rejected');
    return { connection: { connectionString: url }, description: url };
  });
  const found = search(10_000);
  await vi.advanceTimersByTimeAsync(600);
  expect((await found).description).toBe(second);
});

it.each([
  ['at once if all servers reject the password', [rejected, rejected], 10_000],
  ['after the wait if one does', [rejected, standby], 0],
] as const)('explains a rejected password %s', async (_name, answers, waitMs) => {
  attempts = [[...answers]];
  vi.mocked(checkDatabase).mockRejectedValueOnce(new StartError('Correct the password.'));
  await expect(search(waitMs)).rejects.toThrow('Correct the password.');
  expect(vi.mocked(checkDatabase).mock.calls.map(([url]) => url)).toEqual([first]);
});

it.each([
  [
    'does not start with several primaries on one timeline',
    [primary(2, { instance: 'a' }), primary(2)],
    /^Several servers accept writes on timeline 2 \(h1:1: accepts writes; h2:2: accepts writes\)\. Gave up/,
  ],
  [
    'does not start with a former primary',
    [primary(1), primary(2, { isWritable: false })],
    /^No server accepts writes \(h1:1: outdated, on timeline 1 instead of 2; h2:2: read-only\)\. Gave up/,
  ],
  [
    'does not start with different databases',
    [primary(1), primary(2, { database: 'other' })],
    /^h2:2 cannot be used with h1:1: its database is other instead of usergraph\. List only a primary and its standbys, with the same database\. Correct DATABASE_URLS\.$/,
  ],
] as const)('%s', async (_name, answers, message) => {
  attempts = [[...answers]];
  await expect(search(0)).rejects.toThrow(message);
});

it('names the URL that is invalid', async () => {
  const broken = `${second}?sslmode=verify-full&sslrootcert=/missing.crt`;
  const options = {
    variable: 'DATABASE_URLS',
    waitMs: 0,
    log: { info: vi.fn(), warn },
    signal: new AbortController().signal,
  };
  const sessions = { timeouts: { statementMs: 1, lockMs: 1 }, allowsShorter: true, prepared: true };
  await expect(checkServers([first, broken], { ...options, sessions })).rejects.toThrow(
    /^DATABASE_URLS: URL 2 is invalid: ENOENT.+\/missing\.crt/,
  );
});
