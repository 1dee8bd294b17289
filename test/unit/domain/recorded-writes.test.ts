import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** The tables whose changes the audit trail records. */
const TABLES = 'users|devices|list_memberships|lists|events|segments|segment_suppressions';
const WRITE = new RegExp(`(INSERT INTO|UPDATE|DELETE FROM)\\s+(${TABLES})\\b`);
const MODEL_WRITE =
  /\.(user|device|listMembership|list|event|segment|segmentSuppression)\.(create|update|upsert|delete)/;

/** Writes without an audit entry. */
const exceptions: Record<string, string> = {
  'src/domain/users/erasure-stages.ts': 'erases the events of a user whose deletion has an entry',
  'src/domain/segments/clean-up.ts': 'deletes the suppressions of a segment whose deletion has an entry',
  'src/dev/demo-data.ts': 'fills the workspace of the demo before it has an actor',
};

/** The outermost template literals of a source, each with the templates that it contains. */
function templatesOf(source: string): string[] {
  const templates: string[] = [];
  /** The open templates and, within them, the open braces of expressions. */
  const open: ('`' | '{')[] = [];
  let start = 0;
  for (let at = 0; at < source.length; at += 1) {
    const inText = open.at(-1) === '`';
    const character = source[at];
    if (character === '\\') at += 1;
    else if (character === '`' && inText) {
      open.pop();
      if (open.length === 0) templates.push(source.slice(start, at));
    } else if (character === '`') {
      if (open.length === 0) start = at;
      open.push('`');
    } else if (inText && character === '$' && source[at + 1] === '{') {
      open.push('{');
      at += 1;
    } else if (!inText && open.length > 0 && character === '{') open.push('{');
    else if (!inText && open.length > 0 && character === '}') open.pop();
  }
  return templates;
}

/** Backticks in comments are not templates. */
const withoutComments = (source: string) => source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

const files = globSync('src/**/*.ts', { exclude: ['src/db/generated/**'] }).map((file) => ({
  file,
  source: withoutComments(readFileSync(file, 'utf8')),
}));

const writes = files.flatMap(({ file, source }) =>
  templatesOf(source)
    .filter((sql) => WRITE.test(sql))
    .map((sql) => ({ file, sql })),
);

it('records every write to users, devices, lists, memberships, events and segments in the same statement', () => {
  const unrecorded = writes.filter(({ sql }) => !/\brecord(Each|Subscription)?\(/.test(sql)).map(({ file }) => file);
  expect(
    [...new Set(unrecorded)].sort(),
    'A statement that changes these tables contains record() or recordEach() of src/domain/changes/record.ts.',
  ).toEqual(Object.keys(exceptions).sort());
});

it('finds the writes of every file that has any', () => {
  const found = new Set(writes.map(({ file }) => file));
  const expected = files.filter(({ source }) => WRITE.test(source)).map(({ file }) => file);
  expect([...found].sort()).toEqual(expected.sort());
  expect(found.size).toBeGreaterThan(5);
});

it('writes these tables with no model of Prisma', () => {
  const writers = files.filter(({ source }) => MODEL_WRITE.test(source)).map(({ file }) => file);
  expect(writers.filter((file) => !(file in exceptions))).toEqual([]);
});

it('inserts changes in one place', () => {
  const writers = files.filter(({ source }) => /INSERT INTO changes/.test(source)).map(({ file }) => file);
  expect(writers).toEqual(['src/domain/changes/record.ts']);
});
