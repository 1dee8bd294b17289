import { print } from 'graphql';
import { expect, it } from 'vitest';
import { parseWithin } from '../../../src/graphql/checks/document.ts';

it('parses a document with as many tokens as the limit', () => {
  expect(print(parseWithin(5, '# none\n{ a, b # none\n c }'))).toBe('{\n  a\n  b\n  c\n}');
});

it.each([
  ['{ a b c d }', 'The document has 6 tokens; the limit is 5.'],
  [`{ ${'a '.repeat(998)}}`, 'The document has 1000 tokens; the limit is 5.'],
  // The rest has a lexical error.
  ['{ a b c d e " }', 'The document has at least 6 tokens; the limit is 5.'],
])('reports the number of tokens: %.20s', (text, message) => {
  expect(() => parseWithin(5, text)).toThrow(
    expect.objectContaining({ message, extensions: expect.objectContaining({ code: 'LIMIT_EXCEEDED' }) }),
  );
});

it('reports the syntax error of graphql-js within the limit', () => {
  expect(() => parseWithin(5, '{ a } }')).toThrow('Syntax Error: Unexpected "}".');
});
