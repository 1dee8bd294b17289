import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const documented = new Set(readFileSync('docs/configuration.md', 'utf8').match(/(?<=`)[A-Z][A-Z0-9_]+(?=`)/g));

/** Variables of other programs: node-postgres, Node.js. */
const FOREIGN = new Set(['NODE_COMPILE_CACHE', 'PGPASSWORD']);

const read = (path: string) => readFileSync(`deploy/${path}`, 'utf8');
const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);

it.each([
  ['the Dockerfile', names(read('Dockerfile'), /^(?:ENV| {3,}) ?([A-Z_]+)=/gm), 5],
  ['the compose file', names(read('compose.yaml').split('services:')[0] ?? '', /^ {4}([A-Z_]+): /gm), 7],
  ['the Helm chart', names(read('helm/usergraph/templates/deployment.yaml'), /- name: ([A-Z_]+)$/gm), 3],
  ['its helpers', names(read('helm/usergraph/templates/_helpers.tpl'), /- name: ([A-Z_]+)$/gm), 4],
  ['its values', names(read('helm/usergraph/values.yaml'), /^ {2}(?:# )?([A-Z_]+): /gm), 4],
  ['the systemd unit', names(read('systemd/usergraph.service'), /[= ]([A-Z_]+)=/g), 2],
])('%s sets documented variables only', (_, variables, count) => {
  expect(variables).toHaveLength(count);
  expect(variables.filter((name) => !documented.has(name) && !FOREIGN.has(name))).toEqual([]);
});
