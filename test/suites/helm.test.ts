import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  canRunHelm,
  compileManifests,
  installHelm,
  lint,
  type Manifest,
  manifestSchema,
  render,
  template,
  validateManifest,
} from '../kit/helm/helm.ts';

const required = { 'database.existingSecret': 'acme-database' };

/** Everything that can be switched on, and values for what is empty by default. */
const everything = {
  ...required,
  'autoscaling.enabled': 'false',
  'image.digest': `sha256:${'0'.repeat(64)}`,
  'imagePullSecrets[0].name': 'registry',
  'config.TRUST_PROXY': '10.0.0.0/8',
  'extraEnv[0].name': 'JWT_SECRET',
  'extraEnv[0].valueFrom.secretKeyRef.name': 'tokens',
  'extraEnv[0].valueFrom.secretKeyRef.key': 'secret',
  'extraEnvFrom[0].secretRef.name': 'more',
  'extraVolumes[0].name': 'ca',
  'extraVolumes[0].configMap.name': 'ca',
  'extraVolumeMounts[0].name': 'ca',
  'extraVolumeMounts[0].mountPath': '/etc/ca',
  'metrics.serviceMonitor.enabled': 'true',
  'metrics.serviceMonitor.labels.release': 'prometheus',
  'metrics.existingSecret': 'acme-metrics',
  'metrics.tokenKey': 'token',
  'metrics.prometheusRule.enabled': 'true',
  'metrics.prometheusRule.docsUrl': 'https://api.example.com/docs/',
  'metrics.prometheusRule.labels.release': 'prometheus',
  'networkPolicy.enabled': 'true',
  'networkPolicy.from[0].namespaceSelector.matchLabels.name': 'ingress',
  'networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.name': 'monitoring',
  'service.annotations.example': 'yes',
  'serviceAccount.annotations.example': 'yes',
  'topologySpreadConstraints[0].maxSkew': '1',
  'topologySpreadConstraints[0].topologyKey': 'zone',
  'topologySpreadConstraints[0].whenUnsatisfiable': 'DoNotSchedule',
  'nodeSelector.pool': 'api',
  'tolerations[0].key': 'dedicated',
  'tolerations[0].operator': 'Exists',
  priorityClassName: 'high',
  'podAnnotations.example': 'yes',
  'podLabels.team': 'crm',
};

const kindsOf = (manifests: Manifest[]) => manifests.map(({ kind }) => kind).sort();
const kind = (manifests: Manifest[], name: string) => manifests.find((manifest) => manifest.kind === name);

const deploymentOf = (manifests: Manifest[]) =>
  z.looseObject({ ...manifestSchema.shape, spec: z.looseObject({}) }).parse(kind(manifests, 'Deployment'));

const containerSchema = z.object({
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
  securityContext: z.unknown(),
  args: z.array(z.string()).optional(),
});
const podSchema = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        automountServiceAccountToken: z.boolean(),
        serviceAccountName: z.string().optional(),
        securityContext: z.unknown(),
        terminationGracePeriodSeconds: z.number().optional(),
        containers: z.tuple([containerSchema]),
      }),
    }),
  }),
});
const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ alert: z.string(), expr: z.string(), annotations: z.object({ runbook_url: z.string() }) }),
      ),
    }),
  ),
});
const podOf = (manifest: Manifest | undefined) => podSchema.parse(manifest).spec.template;

describe.skipIf(!canRunHelm)('the Helm chart', () => {
  beforeAll(installHelm, 120_000);

  it.each([
    ['the required values', required],
    ['all values', everything],
  ])('passes helm lint with %s', (_, values) => {
    expect(lint(values)).toMatchObject({ status: 0, stderr: '' });
  });

  it('renders valid objects with the required values', async () => {
    const manifests = render(required);
    expect(kindsOf(manifests)).toEqual(
      ['Deployment', 'HorizontalPodAutoscaler', 'Job', 'PodDisruptionBudget', 'Service', 'ServiceAccount'].sort(),
    );
    for (const manifest of manifests) await validateManifest(manifest);
    expect(compileManifests(manifests)).toBe('');
  });

  it('renders valid objects with all values', async () => {
    const manifests = render(everything);
    expect(kindsOf(manifests)).toEqual(
      [
        'Deployment',
        'Job',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'PrometheusRule',
        'Service',
        'Service',
        'ServiceAccount',
        'ServiceMonitor',
      ].sort(),
    );
    for (const manifest of manifests) await validateManifest(manifest);
    expect(compileManifests(manifests)).toBe('');
  });

  it('is checked by schemas and types that find mistakes', async () => {
    const deployment = deploymentOf(render(required));
    const misspelled = { ...deployment, spec: { ...deployment.spec, replica: 2 } };
    const mistyped = { ...deployment, spec: { ...deployment.spec, replicas: 'two' } };
    await expect(validateManifest(mistyped)).rejects.toThrow('/spec/replicas');
    expect(compileManifests([misspelled])).toContain('"replica"');
  });

  it.each([
    ['database.existingSecret', 'database.existingSecret is required', {}],
    ['replicas', 'replicas', { ...required, replicas: '3' }],
    ['config.DATABASE_URL', 'DATABASE_URL', { ...required, 'config.DATABASE_URL': 'postgres://localhost/x' }],
    ['drainMs', 'drainMs', { ...required, drainMs: '90000' }],
    ['config.METRICS_TOKEN', 'METRICS_TOKEN', { ...required, 'config.METRICS_TOKEN': 'in-plain-text-0123456789' }],
    [
      'extraEnv',
      'set metrics.existingSecret',
      { ...required, 'extraEnv[0].name': 'METRICS_TOKEN', 'extraEnv[0].value': 'x' },
    ],
    ...[
      'DATABASE_URL',
      'DATABASE_URLS',
      'DATABASE_DIRECT_URL',
      'DATABASE_REPLICA_URLS',
      'DRAIN_MS',
      'METRICS_PORT',
      'PORT',
    ].map((name): [string, string, Record<string, string>] => [
      `extraEnv.${name}`,
      `${name} cannot be set in config or extraEnv; set `,
      { ...required, 'extraEnv[0].name': name, 'extraEnv[0].value': '1' },
    ]),
    ...['app\\.kubernetes\\.io/name', 'app\\.kubernetes\\.io/component', 'helm\\.sh/chart'].map(
      (label): [string, string, Record<string, string>] => [
        `podLabels.${label}`,
        `podLabels cannot have ${label.replaceAll('\\', '')}`,
        { ...required, [`podLabels.${label}`]: 'other' },
      ],
    ),
    ['docsUrl', 'docsUrl is required', { ...required, 'metrics.prometheusRule.enabled': 'true' }],
  ])('rejects a wrong %s', (_, message, values) => {
    const { status, stderr } = template(values);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) });
  });

  it('runs without privileges, and has no secrets but references', () => {
    const manifests = render(required);
    for (const pod of [podOf(kind(manifests, 'Deployment')), podOf(kind(manifests, 'Job'))]) {
      expect(pod.spec.automountServiceAccountToken).toBe(false);
      expect(pod.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      const [container] = pod.spec.containers;
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const urls = container.env.filter(({ name }) => name.startsWith('DATABASE_'));
      expect(urls).toEqual([
        { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'acme-database', key: 'DATABASE_URL' } } },
        ...['DATABASE_DIRECT_URL', 'DATABASE_REPLICA_URLS'].map((name) => ({
          name,
          valueFrom: { secretKeyRef: { name: 'acme-database', key: name, optional: true } },
        })),
      ]);
    }
  });

  it('uses several URLs instead of one', () => {
    const manifests = render({ ...required, 'database.urlsKey': 'urls' });
    for (const pod of [podOf(kind(manifests, 'Deployment')), podOf(kind(manifests, 'Job'))]) {
      const [first, ...others] = pod.spec.containers[0].env.filter(({ name }) => name.startsWith('DATABASE_'));
      const secretKeyRef = { name: 'acme-database', key: 'urls' };
      expect(first).toEqual({ name: 'DATABASE_URLS', valueFrom: { secretKeyRef } });
      expect(others.map(({ name }) => name)).toEqual(['DATABASE_DIRECT_URL', 'DATABASE_REPLICA_URLS']);
    }
  });

  it('migrates before anything else exists, with nothing of the release', () => {
    const job = kind(render(required), 'Job');
    expect(job?.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    expect(podOf(job).spec.serviceAccountName).toBeUndefined();
    expect(podOf(job).spec.containers[0].args).toEqual(['scripts/db-migrate.ts']);
  });

  it('selects gateways, but not the migration, by the labels of the Service', () => {
    const manifests = render(required);
    const { selector } = z
      .object({ selector: z.record(z.string(), z.string()) })
      .parse(kind(manifests, 'Service')?.spec);
    expect(podOf(kind(manifests, 'Deployment')).metadata.labels).toMatchObject(selector);
    expect(podOf(kind(manifests, 'Job')).metadata.labels).not.toMatchObject(selector);
  });

  it('lets Prometheus send the token of the gateways, from the same secret', () => {
    const manifests = render(everything);
    const reference = { name: 'acme-metrics', key: 'token' };
    const { env } = podOf(kind(manifests, 'Deployment')).spec.containers[0];
    expect(env.filter(({ name }) => name === 'METRICS_TOKEN')).toEqual([
      { name: 'METRICS_TOKEN', valueFrom: { secretKeyRef: reference } },
    ]);
    expect(kind(manifests, 'ServiceMonitor')?.spec).toMatchObject({
      endpoints: [{ authorization: { credentials: reference } }],
    });
    const open = render({ ...required, 'metrics.serviceMonitor.enabled': 'true' });
    expect(JSON.stringify(open)).not.toMatch(/METRICS_TOKEN|authorization/);
    const off = render({ ...everything, 'metrics.enabled': 'false' });
    expect(JSON.stringify(off)).not.toMatch(/METRICS_TOKEN|monitoring.coreos.com/);
  });

  it('has the alert rules, with links to the documentation of the gateways', () => {
    const { groups } = rulesSchema.parse(kind(render(everything), 'PrometheusRule')?.spec);
    const rules = groups.flatMap((group) => group.rules);
    const shipped = rulesSchema.parse(parse(readFileSync('deploy/helm/usergraph/alerts.yaml', 'utf8')));
    expect(rules.map(({ alert }) => alert)).toEqual(
      shipped.groups.flatMap((group) => group.rules).map(({ alert }) => alert),
    );
    for (const { alert, annotations } of rules)
      expect(annotations.runbook_url).toBe(`https://api.example.com/docs/observability.md#${alert.toLowerCase()}`);
  });

  it.each([
    ['the ServiceMonitor', {}, 'usergraph'],
    ['the ServiceMonitor of another name', { nameOverride: 'crm' }, 'crm'],
    ['another configuration', { 'metrics.prometheusRule.job': 'crm/gateways' }, 'crm/gateways'],
  ])('alerts about a gateway that is down by the job of %s', (_, values, job) => {
    const { groups } = rulesSchema.parse(kind(render({ ...everything, ...values }), 'PrometheusRule')?.spec);
    const down = groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === 'UsergraphGatewayDown');
    expect(down?.expr.trim()).toBe(`up{job="${job}"} == 0`);
  });

  it('gives gateways the time that they need to stop', () => {
    const { spec } = podOf(kind(render(required), 'Deployment'));
    const drainMs = Number(spec.containers[0].env.find(({ name }) => name === 'DRAIN_MS')?.value);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(drainMs / 1000 + 5);
  });
});
