import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { openDatabase } from '../../../src/db/client.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { basic } from '../../kit/app.ts';
import { startCli } from '../../kit/cli.ts';
import { hasDebianPostgres } from '../../kit/debian-postgres.ts';
import { startFaultProxy } from '../../kit/fault-proxy.ts';
import { freePorts } from '../../kit/free-ports.ts';
import { failGateway, type GatewayProcess, startGateway } from '../../kit/gateway-process.ts';
import { migrateWithOwner, startOwnServer } from '../../kit/own-server.ts';
import { metricsUrlIn, scrape } from '../../kit/prometheus.ts';
import { ReplicatedPostgres } from '../../kit/replicated-postgres.ts';
import { logLines, waitUntil, workerPids } from '../../kit/workers.ts';

const TOKEN = 'scraper-token-0123456789';
const HEADER = 'usergraph-read-after';

interface Answer {
  status: number;
  body: unknown;
  /** The position of a write. */
  readAfter: string | null;
}

let servers: ReplicatedPostgres;
/** Two keys of one workspace. */
let [owner, other] = ['', ''];

/** Sends a request on a new connection, so that any worker may get it. */
async function send(
  { address }: GatewayProcess,
  path: string,
  {
    key = owner,
    method = 'GET',
    body,
    readAfter,
  }: { key?: string; method?: string; body?: object; readAfter?: string },
): Promise<Answer> {
  const response = await fetch(address + path, {
    method,
    headers: {
      authorization: key,
      connection: 'close',
      ...(body && { 'content-type': 'application/json' }),
      ...(readAfter !== undefined && { [HEADER]: readAfter }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json(), readAfter: response.headers.get(HEADER) };
}

const rename = (gateway: GatewayProcess, uid: string, name: string) =>
  send(gateway, `/v1/users/${uid}`, { method: 'PUT', body: { first_name: name } });

const NAME = (uid: string) => ({ query: `{ user(uid: "${uid}") { firstName } }` });

/** The name of a user as both APIs read it. */
async function namesOf(gateway: GatewayProcess, uid: string, options: { key?: string; readAfter?: string } = {}) {
  const rest = await send(gateway, `/v1/users/${uid}`, options);
  const graphql = await send(gateway, '/graphql', { method: 'POST', body: NAME(uid), ...options });
  const { first_name: restName } = rest.body as { first_name?: string };
  const { data } = graphql.body as { data?: { user: { firstName: string } | null } };
  return [restName, data?.user?.firstName];
}

const startWith = (more: Record<string, string> = {}) =>
  startGateway({
    DATABASE_URL: servers.urlOf(servers.primary),
    DATABASE_REPLICA_URLS: servers.urls.join(','),
    // What tests wait for are positions, not times.
    REPLICA_MAX_STALENESS_MS: '300000',
    METRICS_PORT: '0',
    METRICS_TOKEN: TOKEN,
    RATE_LIMIT: '0',
    LOG_LEVEL: 'info',
    ...more,
  });

/** The counters of reads: from the primary, from replicas, and the reasons of fallbacks. */
async function countsOf(gateway: GatewayProcess) {
  const metrics = await scrape(metricsUrlIn(gateway.output()) ?? '', TOKEN);
  const reads = (server: string) => metrics.sum('usergraph_database_reads_total', { server });
  const fallbacks = (reason: string) => metrics.sum('usergraph_database_read_fallbacks_total', { reason });
  return {
    fresh: metrics.sum('usergraph_database_replicas_fresh'),
    primary: reads('primary'),
    replica: reads('replica'),
    stale: fallbacks('stale'),
    behind: fallbacks('behind'),
    error: fallbacks('error'),
  };
}

const untilFresh = (gateway: GatewayProcess, count: number) =>
  waitUntil(async () => expect((await countsOf(gateway)).fresh).toBe(count));

const standbys = () => servers.ports.map((_, index) => index).filter((index) => index !== servers.primary);

/** Stops or continues the replay on all standbys, which keep receiving. */
async function setReplay(action: 'pause' | 'resume'): Promise<void> {
  for (const index of standbys()) await servers.query(index, `SELECT pg_wal_replay_${action}()`);
}

describe.skipIf(!hasDebianPostgres)('reads from replicas', () => {
  beforeAll(async () => {
    let workspaceId = '';
    servers = await ReplicatedPostgres.start(async (url) => {
      ({ owner, workspaceId } = await migrateWithOwner({ connectionString: url }));
      const db = openDatabase({ connectionString: url }, { poolSize: 1 });
      const { publicKey, secret } = await createKey(db, workspaceId, scopes);
      other = basic(publicKey, secret);
      await db.$disconnect();
    });
    // Commits wait until a standby has received them, not until it has replayed them.
    await servers.query(0, 'ALTER SYSTEM SET synchronous_commit = on');
    await servers.query(0, 'SELECT pg_reload_conf()');
  });
  afterAll(() => servers?.[Symbol.asyncDispose]());

  it.each([1, 2])('returns what a key has written, with %i workers', async (workers) => {
    await using gateway = await startWith({ WORKERS: String(workers) });
    await untilFresh(gateway, 2 * workers);
    const uid = `own${workers}`;
    await rename(gateway, uid, 'Ada');
    await waitUntil(async () => expect(await namesOf(gateway, uid, { key: other })).toEqual(['Ada', 'Ada']));
    await setReplay('pause');
    try {
      for (let round = 0; round < 10; round += 1) {
        const { readAfter, status } = await rename(gateway, uid, `Grace ${round}`);
        expect([status, readAfter]).toEqual([200, expect.stringMatching(/^1-[0-9A-F]+\/[0-9A-F]+$/)]);
        const names = [`Grace ${round}`, `Grace ${round}`];
        expect(await namesOf(gateway, uid)).toEqual(names);
        // The other key reads from a replica, unless it sends the header.
        expect(await namesOf(gateway, uid, { key: other })).toEqual(['Ada', 'Ada']);
        expect(await namesOf(gateway, uid, { key: other, readAfter: readAfter ?? '' })).toEqual(names);
      }
      expect(await countsOf(gateway)).toMatchObject({
        fresh: 2 * workers,
        stale: 0,
        error: 0,
        behind: 40,
        primary: 40,
      });
    } finally {
      await setReplay('resume');
    }
    const { replica } = await countsOf(gateway);
    await waitUntil(async () => {
      expect(await namesOf(gateway, uid)).toEqual(['Grace 9', 'Grace 9']);
      expect((await countsOf(gateway)).replica).toBeGreaterThan(replica);
    });
  });

  it('returns the payload of a mutation from the primary', async () => {
    await using gateway = await startWith();
    await untilFresh(gateway, 2);
    await setReplay('pause');
    try {
      const query = 'mutation { createUser(input: { uid: "payload" }) { ... on CreateUserPayload { user { uid } } } }';
      const { body, readAfter } = await send(gateway, '/graphql', { method: 'POST', body: { query } });
      expect(body).toEqual({ data: { createUser: { user: { uid: 'payload' } } } });
      expect(readAfter).toEqual(expect.any(String));
    } finally {
      await setReplay('resume');
    }
  });

  it('uses the primary when no replica is fresh', async () => {
    await using gateway = await startWith({ REPLICA_MAX_STALENESS_MS: '1000' });
    await untilFresh(gateway, 2);
    await setReplay('pause');
    try {
      await rename(gateway, 'stale', 'Ada');
      await untilFresh(gateway, 0);
      expect(await namesOf(gateway, 'stale', { key: other })).toEqual(['Ada', 'Ada']);
      expect((await countsOf(gateway)).stale).toBe(2);
    } finally {
      await setReplay('resume');
    }
    await untilFresh(gateway, 2);
  });

  it('rejects a malformed header', async () => {
    await using gateway = await startWith();
    const error =
      'Usergraph-Read-After must be the value that a response to a write had, such as 1-0/3000148; got "0/3000148".';
    const readAfter = '0/3000148';
    expect(await send(gateway, '/v1/users', { readAfter })).toMatchObject({
      status: 400,
      body: { code: 'BAD_USER_INPUT', error },
    });
    expect(await send(gateway, '/graphql', { method: 'POST', body: NAME('u'), readAfter })).toMatchObject({
      status: 400,
      body: { errors: [{ message: error, extensions: { code: 'BAD_USER_INPUT' } }] },
    });
  });

  it('does not use servers of other clusters and databases', async () => {
    await using stranger = await startOwnServer();
    const elsewhere = servers.urlOf(1).replace(/usergraph$/, 'postgres');
    await using gateway = await startWith({ DATABASE_REPLICA_URLS: `${stranger.url},${elsewhere}` });
    await waitUntil(() => {
      expect(gateway.output()).toMatch(
        /is not used as a replica: it belongs to another cluster \(its system identifier is \d+ instead of \d+\)\. Correct DATABASE_REPLICA_URLS/,
      );
      expect(gateway.output()).toContain(
        `127.0.0.1:${servers.ports[1]} is not used as a replica: its database is postgres instead of usergraph. Correct DATABASE_REPLICA_URLS`,
      );
    });
    expect(await rename(gateway, 'stranger', 'Ada')).toMatchObject({ status: 200 });
    expect(await namesOf(gateway, 'stranger')).toEqual(['Ada', 'Ada']);
    expect(await countsOf(gateway)).toMatchObject({ fresh: 0, replica: 0, stale: 2 });
  });

  it('reads from the primary while a replica hangs', async () => {
    await using gateway = await startWith({ DATABASE_REPLICA_URLS: servers.urlOf(1) });
    await untilFresh(gateway, 1);
    await rename(gateway, 'paused', 'Ada');
    await waitUntil(async () => {
      await namesOf(gateway, 'paused');
      expect((await countsOf(gateway)).replica).toBeGreaterThan(0);
    });
    await servers.pause(1);
    try {
      // These reads begin on the replica.
      const reads = await Promise.all(Array.from({ length: 10 }, () => namesOf(gateway, 'paused')));
      expect(reads).toEqual(reads.map(() => ['Ada', 'Ada']));
      await untilFresh(gateway, 0);
      expect((await countsOf(gateway)).error).toBeGreaterThan(0);
      const lost = `PostgreSQL at 127.0.0.1:${servers.ports[1]} is not used as a replica at the moment: `;
      await waitUntil(() => expect(logLines(gateway, lost)).toHaveLength(1));
    } finally {
      await servers.resume(1);
    }
    await untilFresh(gateway, 1);
    await waitUntil(() => expect(logLines(gateway, 'can be used as a replica again')).toHaveLength(1));
  });

  it('logs why a replica cannot be reached', async () => {
    const unused = await freePorts(1);
    await using gateway = await startWith({ DATABASE_REPLICA_URLS: `postgres://127.0.0.1:${unused}/usergraph` });
    const message = `PostgreSQL at 127.0.0.1:${unused} is not used as a replica at the moment: connect ECONNREFUSED`;
    await waitUntil(() => expect(logLines(gateway, message)).toHaveLength(1));
  });

  it('does not start if a URL of a replica is invalid', async () => {
    const [first = '', second = ''] = servers.urls;
    const urls = `${first},${second}?sslmode=verify-full&sslrootcert=/missing.crt`;
    const { code, output } = await failGateway({ DATABASE_URL: first, DATABASE_REPLICA_URLS: urls });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^DATABASE_REPLICA_URLS: URL 2 is invalid: ENOENT.+\/missing\.crt.+configuration\.md\.\n$/),
    ]);
  });

  it('stops while a replica hangs', async () => {
    await using gateway = await startWith({ DATABASE_REPLICA_URLS: servers.urlOf(1) });
    await untilFresh(gateway, 1);
    await namesOf(gateway, 'anybody', { key: other });
    await servers.pause(1);
    try {
      const stoppedAt = performance.now();
      expect(await gateway.end('SIGTERM')).toBe(0);
      expect(performance.now() - stoppedAt).toBeLessThan(5_000);
    } finally {
      await servers.resume(1);
    }
  });

  it('does not read from another server than the one whose position it knows', async () => {
    const target = { host: '127.0.0.1', port: servers.ports[1] ?? 0 };
    await using proxy = await startFaultProxy(target);
    const url = servers.urlOf(1).replace(/:\d+\//, `:${proxy.port}/`);
    await using gateway = await startWith({ DATABASE_REPLICA_URLS: url });
    await rename(gateway, 'balanced', 'Ada');
    await untilFresh(gateway, 1);
    await waitUntil(async () =>
      expect(await servers.query(2, "SELECT 1 AS one FROM users WHERE uid = 'balanced'")).toHaveLength(1),
    );
    await servers.query(2, 'SELECT pg_wal_replay_pause()');
    try {
      // Connections from now on, which are those for reads, lead to the server that is behind.
      target.port = servers.ports[2] ?? 0;
      await rename(gateway, 'balanced', 'Grace');
      await waitUntil(async () => {
        expect(await namesOf(gateway, 'balanced')).toEqual(['Grace', 'Grace']);
        expect((await countsOf(gateway)).error).toBeGreaterThan(0);
      });
    } finally {
      await servers.query(2, 'SELECT pg_wal_replay_resume()');
    }
  });

  it('keeps reading while the primary hangs, and follows a promotion; a former primary that returns is not used', async () => {
    const hosts = servers.ports.map((port) => `127.0.0.1:${port}`);
    const environment = { DATABASE_URL: `postgresql://postgres@${hosts.join(',')}/usergraph` };
    await using gateway = await startWith({ ...environment, WORKERS: '2' });
    await untilFresh(gateway, 4);
    await rename(gateway, 'moved', 'Ada');
    await waitUntil(async () => expect(await namesOf(gateway, 'moved', { key: other })).toEqual(['Ada', 'Ada']));
    const former = servers.primary;
    await servers.pause(former);
    // These writes are in flight: their outcome is unknown.
    const inFlight = Array.from({ length: 4 }, () => rename(gateway, 'in-flight', 'Ada'));
    // The path is public: the log names the server, the response does not.
    await waitUntil(async () =>
      expect(await send(gateway, '/health/ready', {})).toMatchObject({
        status: 503,
        body: { status: 'unavailable', reason: 'No primary is known.' },
      }),
    );
    expect(logLines(gateway, `${hosts[former]} does not answer, and no other server has been promoted`)).not.toEqual(
      [],
    );
    const promotedAt = await servers.promote();
    await waitUntil(async () => expect((await rename(gateway, 'moved', 'Grace')).status).toBe(200));
    for (const { status, body } of await Promise.all(inFlight)) {
      expect(status === 200 || (body as { code: string }).code === 'SERVICE_UNAVAILABLE').toBe(true);
    }
    expect(Date.now() - promotedAt).toBeLessThan(5_000);
    expect(await namesOf(gateway, 'moved')).toEqual(['Grace', 'Grace']);
    await servers.resume(former);
    // It still accepts writes, but has a lower timeline.
    expect(await servers.query(former, 'SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: false }]);
    for (let round = 0; round < 10; round += 1) {
      expect((await rename(gateway, 'moved', `Grace ${round}`)).readAfter).toMatch(/^2-/);
      expect(await namesOf(gateway, 'moved')).toEqual([`Grace ${round}`, `Grace ${round}`]);
    }
    // A worker that is restarted gets the address of the former primary.
    const [pid = 0, ...others] = workerPids(gateway);
    process.kill(pid, 'SIGKILL');
    await waitUntil(() => expect(workerPids(gateway)).toHaveLength(others.length + 2));
    for (let round = 0; round < 10; round += 1) {
      expect((await rename(gateway, 'moved', `Grace ${round}`)).readAfter).toMatch(/^2-/);
    }
    expect(await servers.query(former, "SELECT first_name AS name FROM users WHERE uid = 'moved'")).toEqual([
      { name: 'Ada' },
    ]);
    // The standby that follows the new primary serves reads again, in both workers.
    await untilFresh(gateway, 2);
    await using later = await startWith(environment);
    expect((await rename(later, 'moved', 'Edith')).readAfter).toMatch(/^2-/);
    for (const variables of [environment, { DATABASE_URLS: servers.urls.join(',') }]) {
      expect(await startCli(variables, 'workspaces', 'create', 'Later')).toMatchObject({ code: 0, stderr: '' });
    }
    expect(
      await servers.query(servers.primary, "SELECT count(*)::int AS count FROM workspaces WHERE name = 'Later'"),
    ).toEqual([{ count: 2 }]);
  });

  it('does not start with servers of different clusters', async () => {
    await using stranger = await startOwnServer();
    const { code, output } = await failGateway({ DATABASE_URLS: `${servers.urls.join(',')},${stranger.url}` });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^\S+ cannot be used with \S+: it belongs to another cluster \(.+ DATABASE_URLS\.\n$/),
    ]);
  });
});
