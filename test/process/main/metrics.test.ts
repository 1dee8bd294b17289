import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { basic } from '../../kit/app.ts';
import { createDatabase } from '../../kit/database.ts';
import { withConnection } from '../../kit/database-url.ts';
import { failGateway, type GatewayProcess, launch, startGateway } from '../../kit/gateway-process.ts';
import { idOf, writePersisted } from '../../kit/persisted.ts';
import { metricsUrlIn, type Scrape, scrape } from '../../kit/prometheus.ts';
import { matches, parsePromql } from '../../kit/promql.ts';
import { logLines, sendOnNewConnection, startTwoWorkers, waitUntil, workerPids } from '../../kit/workers.ts';

const TOKEN = 'scraper-token-0123456789';
const PERSISTED = 'query ViewerOfFrontend { viewer { keyId } }';

let gateway: GatewayProcess;
let url = '';
let connectionString = '';
const callers = { owner: '', limited: '', reader: '' };
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  const database = stack.use(await createDatabase());
  const persisted = stack.use(await writePersisted({ [idOf(PERSISTED)]: PERSISTED }));
  const { id } = await createWorkspace(database.db, 'Owner');
  const createCaller = async (...[granted, settings]: [typeof scopes | ['users:read'], { rateLimit?: number }]) => {
    const { publicKey, secret } = await createKey(database.db, id, granted, undefined, settings);
    return basic(publicKey, secret);
  };
  callers.owner = await createCaller(scopes, {});
  callers.limited = await createCaller(scopes, { rateLimit: 2 });
  callers.reader = await createCaller(['users:read'], {});
  connectionString = database.connection.connectionString;
  gateway = stack.use(
    await startGateway({
      DATABASE_URL: connectionString,
      METRICS_PORT: '0',
      METRICS_TOKEN: TOKEN,
      PERSISTED_OPERATIONS: persisted.file,
      LIMIT_LOCK_MS: '1000',
      IN_FLIGHT_LIMIT: '2',
    }),
  );
  url = metricsUrlIn(gateway.output()) ?? '';
});
afterAll(() => stack.disposeAsync());

const read = () => scrape(url, TOKEN);

async function post(body: object, authorization = callers.owner): Promise<number> {
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(`${gateway.address}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.text();
  return response.status;
}

async function rest(method: string, path: string, body?: string, type = 'application/json'): Promise<number> {
  const headers = { authorization: callers.owner, ...(body === undefined ? {} : { 'content-type': type }) };
  const response = await fetch(gateway.address + path, { method, headers, ...(body === undefined ? {} : { body }) });
  await response.text();
  return response.status;
}

const createUser = (uid: string) => ({
  query: `mutation { createUser(input: { uid: "${uid}" }) { __typename } }`,
});

type Change = [name: string, labels?: Record<string, string>];

const operation = 'usergraph_graphql_operation_duration_seconds_count';
const rejections = 'usergraph_graphql_rejections_total';
const ofRoute = (method: string, route: string, status: number): Change => [
  'http_server_request_duration_seconds_count',
  { http_request_method: method, http_route: route, http_response_status_code: String(status) },
];
const rejectedWith = (code: string): Change => [rejections, { error_code: code }];

const causes: [cause: string, act: () => Promise<unknown>, changes: Change[]][] = [
  [
    'a query with a new document',
    () => post({ query: '{ user(uid: "nobody") { uid firstName } }' }),
    [
      ofRoute('POST', '/graphql', 200),
      [operation, { graphql_operation_type: 'query', outcome: 'success' }],
      ['usergraph_graphql_operation_cost_count', { graphql_operation_type: 'query' }],
      ['usergraph_graphql_phase_duration_seconds_count', { phase: 'parse' }],
      ['usergraph_graphql_phase_duration_seconds_count', { phase: 'validate' }],
      ['usergraph_graphql_phase_duration_seconds_count', { phase: 'execute' }],
      ['usergraph_batch_size_count', { batch: 'users' }],
      ['db_client_operation_duration_seconds_count', { db_operation_name: 'readUsers', error_type: '' }],
      ['db_client_connection_wait_time_seconds_count', { error_type: '' }],
      ['nodejs_eventloop_time_seconds_total', { nodejs_eventloop_state: 'active' }],
      ['process_cpu_seconds_total'],
    ],
  ],
  [
    'a query by GET, which takes the other path of execution',
    () => rest('GET', `/graphql?query=${encodeURIComponent('{ viewer { keyId } }')}`),
    [ofRoute('GET', '/graphql', 200), [operation, { graphql_operation_type: 'query', outcome: 'success' }]],
  ],
  [
    'a mutation',
    () => post(createUser('ada')),
    [
      [operation, { graphql_operation_type: 'mutation', outcome: 'success' }],
      ['usergraph_batch_size_count', { batch: 'insertUsers' }],
    ],
  ],
  ['a REST request', () => rest('GET', '/v1/users/ada'), [ofRoute('GET', '/v1/users/:uid', 200)]],
  [
    'a syntax error',
    () => post({ query: '{' }),
    [rejectedWith('GRAPHQL_PARSE_FAILED'), ['usergraph_graphql_phase_duration_seconds_count', { phase: 'parse' }]],
  ],
  [
    'a validation error',
    () => post({ query: '{ nothing }' }),
    [
      rejectedWith('GRAPHQL_VALIDATION_FAILED'),
      ['usergraph_graphql_phase_duration_seconds_count', { phase: 'validate' }],
    ],
  ],
  ['a subscription', () => post({ query: 'subscription { viewer { keyId } }' }), [rejectedWith('BAD_USER_INPUT')]],
  [
    'the readiness check',
    () => rest('GET', '/health/ready'),
    [
      ['db_client_operation_duration_seconds_count', { db_operation_name: 'findMigrations' }],
      ['db_client_operation_duration_seconds_count', { db_operation_name: 'readMigrations' }],
    ],
  ],
  [
    'an unknown persisted operation',
    () => post({ documentId: `sha256:${idOf('another')}` }),
    [rejectedWith('PERSISTED_QUERY_NOT_FOUND')],
  ],
  [
    'an operation that the caller may not execute',
    () => post(createUser('bob'), callers.reader),
    [rejectedWith('FORBIDDEN'), [operation, { graphql_operation_type: 'mutation', outcome: 'rejected' }]],
  ],
  [
    'an operation that fails',
    () => post({ query: '{ users(first: 31) { totalCount } }' }),
    [
      ['usergraph_graphql_resolver_errors_total', { error_code: 'BAD_USER_INPUT' }],
      [operation, { graphql_operation_type: 'query', outcome: 'error' }],
    ],
  ],
  [
    'a persisted operation',
    () => post({ documentId: `sha256:${idOf(PERSISTED)}` }),
    [
      [
        'usergraph_graphql_persisted_operations_total',
        { graphql_operation_name: 'ViewerOfFrontend', outcome: 'success' },
      ],
      ['usergraph_graphql_persisted_operation_seconds_total', { graphql_operation_name: 'ViewerOfFrontend' }],
    ],
  ],
  [
    'requests above the rate limit',
    () => Promise.all([1, 2, 3].map(() => post({ query: '{ viewer { keyId } }' }, callers.limited))),
    [['usergraph_rate_limited_requests_total', { reason: 'points' }], ofRoute('POST', '/graphql', 429)],
  ],
  [
    'a failed login',
    () => post({ query: '{ viewer { keyId } }' }, basic('pk_unknown', 'sk_unknown')),
    [['usergraph_failed_logins_total'], ofRoute('POST', '/graphql', 401)],
  ],
  [
    'a segment',
    () =>
      post({
        query: 'mutation { createSegment(input: { name: "All", where: { uid: { eq: "ada" } } }) { __typename } }',
      }).then(() => post({ query: 'mutation { updateUser(input: { uid: "ada", firstName: "Ada" }) { __typename } }' })),
    [
      ['usergraph_segments_changes_total'],
      ['usergraph_segments_lag_seconds_count'],
      ['usergraph_job_steps_total', { job_name: 'consume-changes', result: 'worked' }],
      ['usergraph_job_steps_total', { job_name: 'compute-segments', result: 'worked' }],
      ['usergraph_job_step_seconds_total', { job_name: 'compute-definitions' }],
    ],
  ],
  [
    'an import',
    () => rest('POST', '/v1/imports/users', 'uid\nimported-1\nimported-2\n', 'text/csv'),
    [
      ['usergraph_transfer_rows_total', { kind: 'importUsers', result: 'written' }],
      ['usergraph_job_steps_total', { job_name: 'run-import', result: 'worked' }],
      ['usergraph_job_steps_total', { job_name: 'find-transfers', result: 'worked' }],
    ],
  ],
];

describe('each metric changes when its cause happens', () => {
  it.each(causes)('%s', async (_cause, act, changes) => {
    const before = await read();
    await act();
    for (const [name, labels] of changes) {
      await waitUntil(async () =>
        expect((await read()).sum(name, labels), `${name} ${JSON.stringify(labels)}`).toBeGreaterThan(
          before.sum(name, labels),
        ),
      );
    }
  });

  it('a statement that waits for a lock, and requests that are shed meanwhile', async () => {
    const before = await read();
    const update = { query: 'mutation { updateUser(input: { uid: "ada", lastName: "L" }) { __typename } }' };
    await withConnection(connectionString, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT FROM users FOR UPDATE');
      const waiting = [post(update), post(update)];
      await waitUntil(async () => {
        const during = await read();
        expect(during.sum('http_server_active_requests')).toBe(2);
        expect(during.sum('db_client_connection_count', { db_client_connection_state: 'used' })).toBeGreaterThan(0);
      });
      expect(await post({ query: '{ viewer { keyId } }' })).toBe(503);
      expect(await Promise.all(waiting)).toEqual([503, 503]);
      await client.query('ROLLBACK');
    });
    const after = await read();
    const changeOf = (...change: Change) => after.sum(...change) - before.sum(...change);
    expect(changeOf('usergraph_shed_requests_total')).toBe(1);
    expect(changeOf('db_client_operation_duration_seconds_count', { error_type: '55' })).toBeGreaterThan(0);
    expect(changeOf('usergraph_graphql_resolver_errors_total', { error_code: 'SERVICE_UNAVAILABLE' })).toBe(2);
    expect(after.sum('http_server_active_requests')).toBe(0);
  });

  it('reports each statement by its label', async () => {
    const unlabeled = { db_operation_name: 'unlabeled' };
    expect((await read()).sum('db_client_operation_duration_seconds_count', unlabeled)).toBe(0);
  });

  it('reports the pool, the jobs and the version', async () => {
    const metrics = await read();
    expect(metrics.sum('db_client_connection_max')).toBe(10);
    expect(metrics.sum('usergraph_build_info')).toBe(1);
    expect(metrics.sum('usergraph_workers')).toBe(1);
    const jobs = metrics.samples.filter(({ name }) => name === 'usergraph_job_seconds_since_success');
    expect(jobs.map(({ labels }) => labels.job_name)).toEqual(
      expect.arrayContaining(['erase-deleted-users', 'delete-old-changes', 'find-transfers', 'compute-segments']),
    );
  });
});

/** Inserts imports of the workspace that wait, or that a process runs. @param seconds since its last sign of life. */
const insertImports = (state: 'waiting' | 'running', count: number, seconds: number) =>
  withConnection(connectionString, (client) =>
    client.query(
      `INSERT INTO transfer_jobs (workspace_id, id, kind, state, key_id, is_stored, created_at, heartbeat_at)
       SELECT workspace_id, gen_random_uuid(), 'importUsers', $1, 'key', true, now() - interval '1 day',
         now() - $3 * interval '1 second'
       FROM workspaces, generate_series(1, $2)`,
      [state, count, seconds],
    ),
  );

it('reports the imports and exports that wait, and for how long, although the job that looks for them is idle', async () => {
  await insertImports('running', 2, 0);
  await insertImports('waiting', 3, 100);
  const queue = await waitUntil(async () => {
    const metrics = await read();
    expect(metrics.sum('usergraph_transfers_queued')).toBe(3);
    return metrics;
  });
  expect(queue.sum('usergraph_transfers_running')).toBe(2);
  expect(queue.sum('usergraph_transfers_oldest_queued_seconds')).toBeGreaterThanOrEqual(100);
  expect(queue.sum('usergraph_transfers_oldest_queued_seconds')).toBeLessThan(200);
  // Until its next heartbeat is due: then, the gateway takes them.
  await withConnection(connectionString, (client) => client.query("DELETE FROM transfer_jobs WHERE key_id = 'key'"));
  await waitUntil(async () => expect((await read()).sum('usergraph_transfers_queued')).toBe(0));
});

/** Sends a request with any method and path, and waits for the end of the response. */
async function sendAny(method: string, path: string, headers: Record<string, string>): Promise<void> {
  const sent = request(gateway.address + path, { method, headers, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
}

it('a hostile caller cannot add series', async () => {
  const random = () => Math.random().toString(36).slice(2);
  const sendAll = async () => {
    for (const method of ['GET', 'POST', 'PROPFIND', 'MKCOL', 'SEARCH', 'PURGE']) {
      await sendAny(method, `/${random()}?${random()}`, { [`x-${random()}`]: random(), 'user-agent': random() });
      await sendAny(method, `/v1/users/${random()}`, { authorization: basic(`pk_${random()}`, random()) });
    }
    await sendAny('GET', `/graphql?operationName=${random()}&query=${random()}`, { authorization: callers.owner });
    const name = `N${random()}`;
    await post({ query: `query ${name} { viewer { keyId } }`, operationName: name });
    await post({ query: `query ${name} { viewer { ${name}: keyId } }` });
    await post({ query: `query ${name} { viewer { keyId } }`, operationName: random() });
    await post({ query: `{ ${name} }` });
    await post({ documentId: random() });
    await post(createUser(name));
    await rest('GET', `/v1/users/${name}`);
  };
  await sendAll();
  const before = await read();
  for (let round = 0; round < 10; round += 1) await sendAll();
  const known = new Set(before.series());
  const added = (await read()).series().filter((series) => !known.has(series));
  // The background jobs of the gateway can do something for the first time.
  expect(added.filter((series) => /http_|graphql|batch|limited/.test(series))).toEqual([]);
  expect(added.length).toBeLessThan(30);
});

describe('the endpoint', () => {
  it.each<[string, string, Record<string, string>, number]>([
    ['without a token', '/metrics', {}, 401],
    ['with another token', '/metrics', { authorization: 'Bearer scraper-token-012345678X' }, 401],
    ['with a key', '/metrics', { authorization: basic('pk', TOKEN) }, 401],
    ['with the token', '/metrics', { authorization: `Bearer ${TOKEN}` }, 200],
    ['of another path', '/graphql', { authorization: `Bearer ${TOKEN}` }, 404],
  ])('answers a request %s', async (_name, path, headers, status) => {
    const response = await fetch(new URL(path, url), { headers });
    expect(response.status).toBe(status);
    if (status === 200) expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('answers only GET and HEAD', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await fetch(url, { method: 'POST', headers })).status).toBe(405);
    expect((await fetch(url, { method: 'HEAD', headers })).status).toBe(200);
  });

  it('is not on the public port', async () => {
    expect(await rest('GET', '/metrics')).toBe(404);
  });

  it('makes a start fail with one line if its port is in use', async () => {
    const { port } = new URL(url);
    const { code, output } = await failGateway({ DATABASE_URL: connectionString, METRICS_PORT: port });
    const line = `Cannot serve metrics: listen EADDRINUSE: address already in use 127.0.0.1:${port}. Set METRICS_HOST and METRICS_PORT to a free address.\n`;
    expect([code, output]).toEqual([1, line]);
  });

  it('listens before the gateway is ready, and until it has stopped', async () => {
    const unreachable = 'postgres://127.0.0.1:9/usergraph';
    const { child, output } = launch({ DATABASE_URL: unreachable, METRICS_PORT: '0', LIMIT_LOCK_MS: '1' });
    const metricsUrl = await waitUntil(() => {
      const found = metricsUrlIn(output());
      if (found === undefined) throw new Error(`No URL in: ${output()}`);
      return found;
    });
    expect((await scrape(metricsUrl)).sum('usergraph_workers')).toBe(1);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});

it('adds up the metrics of all workers, keeps those of a worker that has died, and serves them until the end', async () => {
  await using started = await startTwoWorkers({ METRICS_PORT: '0', DRAIN_MS: '1000' });
  const metricsUrl = metricsUrlIn(started.gateway.output()) ?? '';
  const sendSome = async () => {
    for (let sent = 0; sent < 10; sent += 1) {
      await sendOnNewConnection(started.gateway.address, started.owner, '{ viewer { keyId } }');
    }
  };
  const count = (metrics: Scrape) => metrics.sum(...ofRoute('POST', '/graphql', 200));
  await sendSome();
  const both = await scrape(metricsUrl);
  expect([both.sum('usergraph_workers'), count(both)]).toEqual([2, 10]);
  expect(both.sum('db_client_connection_max')).toBe(20);
  process.kill(workerPids(started.gateway)[0] ?? 0, 'SIGKILL');
  await waitUntil(async () => expect((await scrape(metricsUrl)).sum('usergraph_workers')).toBe(1));
  expect(count(await scrape(metricsUrl))).toBe(10);
  await sendSome();
  expect(count(await scrape(metricsUrl))).toBe(20);
  const ended = started.gateway.end('SIGTERM');
  await waitUntil(() => expect(logLines(started.gateway, 'SIGTERM received')).not.toEqual([]));
  expect(count(await scrape(metricsUrl))).toBe(20);
  expect(await ended).toBe(0);
  await expect(scrape(metricsUrl)).rejects.toThrow('fetch failed');
});

it('reads the queue once for all workers, and answers without it while it cannot be read', async () => {
  await using started = await startTwoWorkers({ METRICS_PORT: '0' });
  const metricsUrl = metricsUrlIn(started.gateway.output()) ?? '';
  const rename = (from: string, to: string) =>
    withConnection(started.databaseUrl, (client) => client.query(`ALTER TABLE ${from} RENAME TO ${to}`));
  const reads = (metrics: Scrape) =>
    metrics.sum('db_client_operation_duration_seconds_count', { db_operation_name: 'countTransferJobs' });
  const names = ({ samples }: Scrape) => samples.map(({ name }) => name);
  await rename('transfer_jobs', 'renamed');
  const without = await scrape(metricsUrl);
  expect(without.sum('usergraph_workers')).toBe(2);
  expect(names(without)).not.toContain('usergraph_transfers_queued');
  await rename('renamed', 'transfer_jobs');
  let scrapes = 1;
  const metrics = await waitUntil(async () => {
    const found = await scrape(metricsUrl);
    scrapes += 1;
    expect(names(found)).toContain('usergraph_transfers_queued');
    return found;
  });
  expect(metrics.sum('usergraph_metric_read_failures_total')).toBeGreaterThanOrEqual(3);
  expect(logLines(started.gateway, 'cannot read a metric')).toHaveLength(3);
  expect(scrapes).toBeGreaterThan(10);
  expect(reads(metrics)).toBeLessThan(scrapes / 3);
  expect(workerPids(started.gateway)).toHaveLength(2);
});

/** The panels of the dashboard. */
interface Panel {
  title: string;
  description?: string;
  targets?: { expr: string; legendFormat: string }[];
}

describe('the dashboard and the alerts use metrics that exist', () => {
  const dashboard: { panels: Panel[]; templating: { list: { query: string | { query: string } }[] } } = JSON.parse(
    readFileSync('deploy/grafana/dashboards/usergraph.json', 'utf8'),
  );
  const alerts: { groups: { rules: Record<'alert' | 'expr' | 'for', string>[] }[] } = parseYaml(
    readFileSync('deploy/helm/usergraph/alerts.yaml', 'utf8'),
  );
  /** Labels that Prometheus adds. */
  const TARGET_LABELS = ['job', 'instance'];
  const expressions = [
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, legendFormat }): [string, string, string] => [
        title,
        expr.replaceAll('$__rate_interval', '5m'),
        legendFormat,
      ]),
    ),
    ...alerts.groups.flatMap(({ rules }) =>
      rules.map(({ alert, expr }): [string, string, string] => [alert, expr, '']),
    ),
  ];

  let samples: Scrape['samples'] = [];
  beforeAll(async () => {
    // What Prometheus itself records of each target.
    samples = [...(await read()).samples, { name: 'up', labels: {}, value: 1 }];
  });

  it.each(expressions)('%s: %s', (_title, expression, legend) => {
    const { metrics, grouping } = parsePromql(expression);
    expect(metrics.length).toBeGreaterThan(0);
    const labelsOf = (metric: string) => [
      ...TARGET_LABELS,
      ...samples.filter(({ name }) => name === metric).flatMap(({ labels }) => Object.keys(labels)),
    ];
    for (const { name, matchers } of metrics) {
      const labels = matchers.map(({ label }) => label);
      expect(samples.map((sample) => sample.name)).toContain(name);
      expect(labelsOf(name)).toEqual(expect.arrayContaining(labels));
      expect(labelsOf(name)).toEqual(expect.arrayContaining(grouping));
    }
    const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    expect(grouping).toEqual(expect.arrayContaining(shown));
  });

  it('has data in each panel of a gateway with the defaults and one query, except in those that say why not', async () => {
    await using fresh = await startGateway({ DATABASE_URL: connectionString, METRICS_PORT: '0' });
    const body = JSON.stringify({ query: '{ user(uid: "nobody") { uid } }' });
    const headers = { authorization: callers.owner, 'content-type': 'application/json' };
    await fetch(`${fresh.address}/graphql`, { method: 'POST', headers, body });
    const hasData = ({ samples: series }: Scrape, expr: string) =>
      parsePromql(expr.replaceAll('$__rate_interval', '5m')).metrics.every(({ name, matchers }) =>
        series.some(
          (sample) =>
            sample.name === name && matchers.every((one) => one.value.startsWith('$') || matches(sample.labels, one)),
        ),
      );
    const isEmpty = (metrics: Scrape) => (panel: Panel) =>
      (panel.targets ?? []).every(({ expr }) => !hasData(metrics, expr.replace(/\(.* or vector\(0\)\)/, '1')));
    const panels = dashboard.panels.filter(({ targets = [] }) => targets.length > 0);
    const metricsUrl = metricsUrlIn(fresh.output()) ?? '';
    await waitUntil(async () => {
      const empty = panels.filter(isEmpty(await scrape(metricsUrl)));
      expect(empty.map(({ title }) => title)).toEqual(
        panels.filter(({ description = '' }) => description.includes('Empty ')).map(({ title }) => title),
      );
    });
  });

  it('has a duration, a severity, a description and a runbook for each alert, and no other runbooks', async () => {
    const rules = alerts.groups.flatMap((group) => group.rules);
    for (const rule of rules) {
      expect(rule).toMatchObject({
        for: expect.stringMatching(/^\d+m$/),
        labels: { severity: expect.stringMatching(/^(info|warning|critical)$/) },
        annotations: {
          summary: expect.any(String),
          description: expect.any(String),
          runbook_url: `http://127.0.0.1:8080/docs/observability.md#${rule.alert.toLowerCase()}`,
        },
      });
    }
    const documented = [...readFileSync('docs/observability.md', 'utf8').matchAll(/^#### (Usergraph\w+)\n\n\S/gm)];
    expect(documented.map(([, alert]) => alert).sort()).toEqual(rules.map(({ alert }) => alert).sort());
    // The gateway serves the page with these sections.
    const page = await fetch(`${gateway.address}/docs/observability.md`, { headers: { accept: 'text/html' } });
    const ids = [...(await page.text()).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(expect.arrayContaining(rules.map(({ alert }) => alert.toLowerCase())));
  });
});

it('docs/observability.md names every metric of usergraph, and no others', async () => {
  const documented = readFileSync('docs/observability.md', 'utf8') + readFileSync('docs/segments.md', 'utf8');
  const names = (await read()).samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, ''));
  const own = new Set(names.filter((name) => /^(http_|db_|usergraph_)/.test(name)));
  const missing = [...own].filter((name) => !documented.includes(name) && !documented.includes(`${name}_count`));
  expect(missing.filter((name) => !/^usergraph_segments_(due|evaluations|entered|exited)_total$/.test(name))).toEqual(
    [],
  );
  // The first column of the tables.
  const listed = [...documented.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`((?:http|db|usergraph|nodejs|process)_\w+)`/g)].map(([, name = '']) => name),
  );
  expect(listed.length).toBeGreaterThan(40);
  expect(listed.filter((name) => !names.includes(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([]);
});
