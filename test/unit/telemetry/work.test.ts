import { setImmediate as tick } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { BatchLoader } from '../../../src/db/batching.ts';
import {
  batchChannel,
  type OperationMessage,
  operationChannel,
  type RequestRecord,
  report,
  scopes,
  statementChannel,
} from '../../../src/telemetry/channels.ts';
import { followWork } from '../../../src/telemetry/work.ts';

followWork(undefined);

/** Runs work as a request does. @returns what was recorded. */
async function recordRequest(work: () => Promise<unknown>): Promise<RequestRecord> {
  const record: RequestRecord = { statements: [] };
  await scopes.run({ requests: [record], span: undefined }, work);
  return record;
}

const runStatement = (label: string) =>
  report(
    statementChannel,
    () => ({ label }),
    () => tick(),
  );

/** A loader that returns its keys. @param label of the statement of a batch. */
const createLoader = <Key extends string | number>(label: (keys: readonly Key[]) => string) =>
  new BatchLoader<Key, Key>((keys, loadScopes) =>
    report(
      batchChannel,
      () => ({ name: 'test', size: keys.length, scopes: loadScopes }),
      async () => {
        await runStatement(label(keys));
        return keys;
      },
    ),
  );

it('sums up statements by label, also failed ones', async () => {
  const { statements } = await recordRequest(async () => {
    await Promise.all([runStatement('readUsers'), runStatement('readUsers'), runStatement('readEvents')]);
    await report(
      statementChannel,
      () => ({ label: 'failed' }),
      () => Promise.reject(new Error()),
    ).catch(() => {});
  });
  expect(statements).toEqual([
    { label: 'readUsers', count: 2, ms: expect.any(Number) },
    { label: 'readEvents', count: 1, ms: expect.any(Number) },
    { label: 'failed', count: 1, ms: expect.any(Number) },
  ]);
});

it('keeps a bounded number of labels', async () => {
  const { statements } = await recordRequest(async () => {
    for (let number = 0; number < 50; number += 1) await runStatement(`label${number}`);
  });
  expect(statements).toHaveLength(21);
  expect(statements[20]).toMatchObject({ label: '(others)', count: 30 });
});

it('records the statement of a batch for each of its requests, and nothing for others', async () => {
  const loader = createLoader((keys: readonly string[]) => `load ${keys.join(' ')}`);
  const records = await Promise.all([
    recordRequest(() => loader.load('a')),
    recordRequest(() => loader.loadMany(['b', 'c'])),
    recordRequest(() => tick()),
  ]);
  const labels = records.map(({ statements }) => statements.map(({ label, count }) => `${label}: ${count}`));
  expect(labels).toEqual([['load a b c: 1'], ['load a b c: 1'], []]);
});

it('attributes full batches to the requests of their own loads', async () => {
  const loader = createLoader(([first]: readonly number[]) => `load ${first}`);
  const numbers = Array.from({ length: 100 }, (_, number) => number);
  const [first, second] = await Promise.all([
    recordRequest(() => loader.loadMany(numbers)),
    recordRequest(() => loader.load(100)),
  ]);
  expect(first.statements.map(({ label }) => label)).toEqual(['load 0']);
  expect(second.statements.map(({ label }) => label)).toEqual(['load 100']);
});

it('records the operation of a request, and how long it was executed', async () => {
  const message: OperationMessage = {
    type: 'query',
    name: undefined,
    hash: '',
    cost: 1,
    parseMs: 0,
    validateMs: 0,
  };
  const record = await recordRequest(() =>
    report(
      operationChannel,
      () => message,
      () => runStatement('readUsers'),
    ),
  );
  expect(record.operation).toBe(message);
  expect(record.executeMs).toEqual(expect.any(Number));
  expect(record.statements).toHaveLength(1);
});
