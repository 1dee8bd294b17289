import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { buildSchema, type DocumentNode, Kind, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { userColumns } from '../../src/domain/users/user.ts';
import { userObject } from '../../src/rest/users.ts';
import { anchorOf } from '../../src/static-pages/pages.ts';
import { toRestName } from '../kit/rest-names.ts';

const pages = globSync(['*.md', 'docs/*.md', 'examples/**/*.md'], { exclude: ['**/node_modules'] }).sort();
const read = (path: string) => readFileSync(path, 'utf8');

/** A page without its code blocks, which may hold `#` and brackets. */
const proseOf = (page: string) => read(page).replaceAll(/^```.*?^```$/gms, '');

/** The code blocks of a page that name a language. */
const codeOf = (page: string, language: string) =>
  [...read(page).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);

const headingsOf = (page: string) => [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);

/** The relative links of a page. */
const linksOf = (page: string) =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target));

describe.each(pages)('%s', (page) => {
  it('links to files and headings that exist', () => {
    const broken = linksOf(page).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page : normalize(join(dirname(page), file));
      if (globSync(target).length === 0) return true;
      return anchor !== undefined && !headingsOf(target).map(anchorOf).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('shows operations that the schema accepts', () => {
    const schema = buildSchema(read('schema.graphql'));
    const isOperation = ({ definitions }: DocumentNode) =>
      definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const errors = codeOf(page, 'graphql')
      .map((code) => parse(code))
      .filter(isOperation)
      .flatMap((document) => validate(schema, document));
    expect(errors).toEqual([]);
  });
});

it('docs/frontends.md shows parts of the tested recipes', () => {
  const recipes = globSync(['examples/clients/*.ts', 'examples/clients/relay/*.{ts,json}']).map(read);
  const code = ['ts', 'json'].flatMap((language) => codeOf('docs/frontends.md', language));
  expect(code.length).toBeGreaterThan(5);
  expect(code.filter((block) => !recipes.some((recipe) => recipe.includes(block)))).toEqual([]);
});

it('README.md takes two minutes: at most 150 lines', () => {
  expect(read('README.md').split('\n').length - 1).toBeLessThanOrEqual(150);
});

it('docs/README.md lists every page', () => {
  const listed = linksOf('docs/README.md');
  expect(globSync('*.md', { cwd: 'docs' }).filter((page) => page !== 'README.md' && !listed.includes(page))).toEqual(
    [],
  );
});

it('README.md and docs name scripts of package.json only', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const named = pages
    .filter((page) => page === 'README.md' || page.startsWith('docs/'))
    .flatMap((page) => [...read(page).matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name = '']) => `${page}: ${name}`));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((entry) => !((entry.split(': ')[1] ?? '') in scripts))).toEqual([]);
});

it('docs/glossary.md is in alphabetical order, with a link for each term', () => {
  const [, ...rows] = [...read('docs/glossary.md').matchAll(/^\| ([^|]+) \| (.+) \|$/gm)].filter(
    ([row]) => !row.includes('---'),
  );
  const terms = rows.map(([, term = '']) => term);
  expect(terms.length).toBeGreaterThan(40);
  expect(terms).toEqual(terms.toSorted((one, other) => one.localeCompare(other, 'en')));
  expect(rows.filter(([, , meaning = '']) => !meaning.includes('](')).map(([, term]) => term)).toEqual([]);
});

it('docs/contract.md has every heading that the source cites', () => {
  const headings = headingsOf('docs/contract.md').map((heading) => heading.toLowerCase());
  const cited = globSync(['src/**/*.ts', 'test/**/*.ts']).flatMap((file) =>
    [...read(file).matchAll(/contract(?:\.md)?, "([^"]+)"/gi)].map(([, heading = '']) => heading),
  );
  expect(cited.length).toBeGreaterThan(5);
  expect(cited.filter((heading) => !headings.includes(heading.toLowerCase()))).toEqual([]);
});

/** A section of a page, up to the next heading of any level. */
const sectionOf = (page: string, heading: string) => read(page).split(`# ${heading}\n`)[1]?.split(/^#/m)[0] ?? '';

const userFields = Object.keys(userColumns.expressions);

it('docs/contract.md has a rule for every field of a user', () => {
  const table = sectionOf('docs/contract.md', 'User');
  const missing = userFields.filter((name) => !table.includes(`\`${name}\``));
  expect(missing, 'Add each to the table in docs/contract.md, "User".').toEqual([]);
});

it('docs/rest.md has every field of a user that has another name in REST', () => {
  const table = sectionOf('docs/rest.md', 'Field names');
  const renamed = userFields.map(toRestName).filter((name) => name.includes('_') && name in userObject.shape);
  const missing = renamed.filter((name) => !table.includes(`\`${name}\``));
  expect(missing, 'Add each to the table in docs/rest.md, "Field names".').toEqual([]);
});

/** CPU ms of a request in the gateway with 20 connections, and in PostgreSQL with one, from a table of docs/performance.md. */
function measuredCosts(title: string): number[] {
  const table = read('docs/performance.md').split(`\n**${title}**\n`)[1]?.split('\n**')[0] ?? '';
  const costsAt = (connections: number) => {
    const row = new RegExp(`^\\| usergraph ~? *\\| +${connections} \\| +([\\d.]+)[^|]*\\| +([\\d.]+) `, 'm').exec(
      table,
    );
    return [Number(row?.[1]), Number(row?.[2])] as const;
  };
  const [total, shared] = costsAt(20);
  return [total - shared, costsAt(1)[1]];
}

it.each([
  ['one user with devices', 'One user with devices'],
  ['page of 30 users with devices and events', 'Page of 30 users, each with 3 devices and the 5 newest events'],
  ['`addEvent`', 'addEvent'],
  ['`updateUser`', 'updateUser with meta'],
])('docs/operating.md sizes %s by what docs/performance.md has measured', (request, title) => {
  const [, ...cells] = sectionOf('docs/operating.md', 'Sizing')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .find(([, name]) => name === request) ?? [''];
  const costs = cells.slice(1, 3).map(Number);
  const measured = measuredCosts(title);
  expect(measured.every((cost) => cost > 0)).toBe(true);
  for (const [place, cost] of costs.entries()) {
    expect(cost / (measured[place] ?? 0), 'Update the table and the example in docs/operating.md.').toBeGreaterThan(
      0.8,
    );
    expect(cost / (measured[place] ?? 0), 'Update the table and the example in docs/operating.md.').toBeLessThan(1.25);
  }
});

it('has one version everywhere', () => {
  const { version } = JSON.parse(read('package.json'));
  const lock = JSON.parse(read('package-lock.json'));
  expect([lock.version, lock.packages[''].version]).toEqual([version, version]);
  expect(JSON.parse(read('openapi.json')).info.version).toBe(version);
  expect(read('README.md')).toContain(`version ${version},`);
  expect(headingsOf('CHANGELOG.md').filter((heading) => heading.startsWith(`${version} - `))).toHaveLength(1);
});
