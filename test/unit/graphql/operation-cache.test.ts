import { type ExecutionArgs, parse } from 'graphql';
import { expect, it } from 'vitest';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { cachePerOperation } from '../../../src/graphql/checks/operation-cache.ts';

const document = parse('query A { viewer { keyId } } query B { viewer { keyId } }');

const ask = (operationName: string): ExecutionArgs => ({ schema: servedSchema, document, operationName });

it('makes something once for each operation, and remembers nothing of names that no operation has', () => {
  const made: unknown[] = [];
  const of = cachePerOperation(({ operationName }) => {
    made.push(operationName);
    return {};
  });
  expect(of(ask('A'))).toBe(of(ask('A')));
  expect(of(ask('B'))).not.toBe(of(ask('A')));
  expect(of(ask('none'))).not.toBe(of(ask('none')));
  expect(made).toEqual(['A', 'B', 'none', 'none']);
});
