import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { defaultLimits } from '../../../src/config/limits.ts';
import { checkShape } from '../../../src/graphql/checks/document.ts';

/** What is told of a document, whose limits are 3 of each kind. */
const faults = (document: string) =>
  checkShape(parse(document), { ...defaultLimits, depth: 3, aliases: 3, rootFields: 3, directives: 3 }).map(
    ({ message, extensions }) => `${extensions.code}: ${message}`,
  );

const refused = (what: string) => [`LIMIT_EXCEEDED: The operation ${what}; the limit is 3.`];

it.each<[string, string, string, string]>([
  ['depth', '{ a { b { c } } }', '{ a { b { c { d } } } }', 'nests 4 fields deep'],
  [
    'depth in fragments',
    '{ ...F } fragment F on Q { a { ... on Q { b { c } } } }',
    '{ a { ...F } } fragment F on Q { a { ... on Q { b { c } } } }',
    'nests 4 fields deep',
  ],
  ['aliases', '{ f { a: x b: x c: x } }', '{ f { a: x b: x c: x d: x } }', 'has 4 aliases'],
  [
    'aliases of __typename',
    '{ f { a: __typename b: __typename c: __typename } }',
    '{ f { a: __typename b: __typename c: __typename d: __typename } }',
    'has 4 aliases',
  ],
  [
    'aliases as often as their fragment is spread',
    '{ a: x ...F ...F } fragment F on Q { b: x }',
    '{ ...F ...F } fragment F on Q { f { a: x b: x } }',
    'has 4 aliases',
  ],
  ['root fields', '{ a b c }', '{ a b c c }', 'has 4 root fields'],
  [
    'root fields of fragments',
    '{ a ...F } fragment F on Q { b ... on Q { c } }',
    '{ a ...F ...F } fragment F on Q { b ... on Q { __typename } }',
    'has 5 root fields',
  ],
  ['directives of a field', '{ a @x @x @x }', '{ a @x @x @x @x }', 'has 4 directives'],
  [
    'directives of all that may have some',
    'query ($v: Int @x) @x { a @x }',
    'query ($v: Int @x) @x { ...F @x ... @x { a } } fragment F on Q @x { a @x }',
    'has 6 directives',
  ],
])('takes as many as the limit, and refuses one more: %s', (_what, most, more, told) => {
  expect(faults(most)).toEqual([]);
  expect(faults(more)).toEqual(refused(told));
});

it('tells every limit that an operation exceeds, and each operation of a document', () => {
  expect(faults('query one { a: a { b { c { d } } } b: a c: a d: a } query two { a b c d }')).toEqual([
    ...refused('nests 4 fields deep'),
    ...refused('has 4 aliases'),
    ...refused('has 4 root fields'),
    ...refused('has 4 root fields'),
  ]);
});

it('counts no depth within introspection, which has a rule of its own', () => {
  expect(faults('{ __schema { types { fields { type { name } } } } }')).toEqual([]);
});

it('comes to an end with fragments that spread each other', () => {
  expect(faults('{ ...A } fragment A on Q { a { ...B } } fragment B on Q { a { ...A } }')).toEqual([]);
});

it('comes to an end with fragments that double with each level', () => {
  const levels = Array.from({ length: 200 }, (_, n) => `fragment f${n} on Q { ...f${n + 1} ...f${n + 1} }`);
  expect(faults(`{ ...f0 } ${levels.join(' ')} fragment f200 on Q { b: a }`)).toEqual([
    ...refused(`has ${Number.MAX_SAFE_INTEGER} aliases`),
    ...refused(`has ${Number.MAX_SAFE_INTEGER} root fields`),
  ]);
});
