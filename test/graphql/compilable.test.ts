import { getIntrospectionQuery, parse } from 'graphql';
import { expect, it } from 'vitest';
import { readExamples } from '../../src/graphiql/examples.ts';
import { isCompilable } from '../../src/graphql/compilable.ts';

const doubling = (levels: number) => {
  const fragments = Array.from(
    { length: levels },
    (_, level) => `fragment F${level} on T { ...F${level + 1} ...F${level + 1} }`,
  );
  return `{ ...F0 } ${fragments.join(' ')} fragment F${levels} on T { a }`;
};

it.each([
  '{ a { b: c } ...F } fragment F on T { ... on U { d } }',
  'query A { a ...F } query B { ...F } fragment F on T { b }',
  `{ ${'a '.repeat(1_000)} }`,
  doubling(8),
  getIntrospectionQuery(),
  ...(await readExamples()).map(({ query }) => query),
])('compiles %s', (text) => {
  expect(isCompilable(parse(text))).toBe(true);
});

it.each([
  '{ a @include(if: true) }',
  '{ a { b { c @skip(if: false) } } }',
  '{ ... @include(if: true) { a } }',
  '{ ...F @include(if: true) } fragment F on T { a }',
  '{ ...F } fragment F on T { a { b @include(if: true) } }',
  'query A { a } query B { b @include(if: true) }',
  '{ __proto__: a }',
  '{ ...F } fragment F on T { a { __proto__: b } }',
  `{ ${'a '.repeat(1_001)} }`,
  doubling(9),
  doubling(600),
])('does not compile %s', (text) => {
  expect(isCompilable(parse(text))).toBe(false);
});
