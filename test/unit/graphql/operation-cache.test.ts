import { type ExecutionArgs, parse } from 'graphql';
import { expect, it } from 'vitest';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { cachePerOperation } from '../../../src/graphql/checks/operation-cache.ts';

const document = parse('query A { viewer { keyId } } query B { viewer { keyId } }');

const argsFor = (operationName: string): ExecutionArgs => ({ schema: servedSchema, document, operationName });

it('computes a value once per operation, and does not cache unknown operation names', () => {
  const computed: unknown[] = [];
  const of = cachePerOperation(({ operationName }) => {
    computed.push(operationName);
    return {};
  });
  expect(of(argsFor('A'))).toBe(of(argsFor('A')));
  expect(of(argsFor('B'))).not.toBe(of(argsFor('A')));
  expect(of(argsFor('none'))).not.toBe(of(argsFor('none')));
  expect(computed).toEqual(['A', 'B', 'none', 'none']);
});
