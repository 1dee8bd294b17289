import { print } from 'graphql';
import { expect, it } from 'vitest';
import { parseWithin } from '../../../src/graphql/checks/document.ts';

it('parses a document of as many tokens as the limit', () => {
  expect(print(parseWithin(5, '# none\n{ a, b # none\n c }'))).toBe('{\n  a\n  b\n  c\n}');
});

it.each([
  ['{ a b c d }', 'The document has 6 tokens; the limit is 5.'],
  [`{ ${'a '.repeat(998)}}`, 'The document has 1000 tokens; the limit is 5.'],
  // What follows is no GraphQL any more.
  ['{ a b c d e " }', 'The document has at least 6 tokens; the limit is 5.'],
])('says how many there are: %.20s', (text, message) => {
  expect(() => parseWithin(5, text)).toThrow(
    expect.objectContaining({ message, extensions: expect.objectContaining({ code: 'LIMIT_EXCEEDED' }) }),
  );
});

it('leaves a fault within the limit to graphql-js', () => {
  expect(() => parseWithin(5, '{ a } }')).toThrow('Syntax Error: Unexpected "}".');
});
