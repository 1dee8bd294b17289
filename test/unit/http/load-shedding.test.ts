import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import {
  type Admitted,
  createLoadShedding,
  type LoadShedding,
  OverloadedError,
} from '../../../src/http/limits/load-shedding.ts';

let load: LoadShedding;

afterEach(() => load.stop());

/** Sends a request. @returns its state. */
function send(workspaceId: string, key = 'key', work?: number) {
  const request: { state: 'queued' | 'begun' | 'rejected'; admitted?: Admitted } = { state: 'queued' };
  const log = begun;
  load.admit({ workspaceId, key }, (error, admitted) => {
    expect(error === undefined || error instanceof OverloadedError).toBe(true);
    request.state = admitted ? 'begun' : 'rejected';
    if (!admitted) return;
    request.admitted = admitted;
    if (work !== undefined) admitted.addWork(work - 1);
    log.push(workspaceId);
  });
  return request;
}

let begun: string[] = [];

const statesOf = (requests: { state: string }[]) => requests.map(({ state }) => state);

async function untilBegun(count: number): Promise<void> {
  while (begun.length < count) await turn();
}

it('begins the requests of a single workspace immediately, and rejects those above the limit', () => {
  load = createLoadShedding(10);
  begun = [];
  const requests = Array.from({ length: 12 }, () => send('A'));
  expect(statesOf(requests)).toEqual([...Array(10).fill('begun'), 'rejected', 'rejected']);
  requests[0]?.admitted?.end(1);
  expect(send('A').state).toBe('begun');
});

it('admits a burst, and rejects requests once a queue of the workspace is standing', async () => {
  load = createLoadShedding(500);
  begun = [];
  const burst = Array.from({ length: 400 }, () => send('A'));
  expect(new Set(statesOf(burst))).toEqual(new Set(['begun']));
  // Each is answered slowly and followed by another one.
  for (let next = send('A'); next.state === 'begun'; next = send('A')) {
    await delay(20);
    burst.push(next);
    burst.shift()?.admitted?.end(1_000);
  }
  expect(send('A').state).toBe('rejected');
  expect(send('B').state, 'other workspaces are not affected').not.toBe('rejected');
});

it('rejects nothing without a limit', () => {
  load = createLoadShedding(0);
  expect(new Set(statesOf(Array.from({ length: 1_000 }, () => send('A'))))).toEqual(new Set(['begun']));
});

it('rejects only requests of the workspace that exceeds its share', async () => {
  load = createLoadShedding(10);
  const flood = Array.from({ length: 50 }, () => send('A'));
  expect(statesOf(flood).filter((state) => state === 'begun')).toHaveLength(10);
  const quiet = Array.from({ length: 5 }, () => send('B'));
  expect(send('B').state, 'its share is half').toBe('rejected');
  expect(send('A').state).toBe('rejected');
  await turn();
  await turn();
  await turn();
  expect(new Set(statesOf(quiet))).toEqual(new Set(['begun']));
});

it('rejects only requests of the key that exceeds its share of the workspace', async () => {
  load = createLoadShedding(10);
  expect(statesOf(Array.from({ length: 20 }, () => send('A', 'public'))).filter((s) => s === 'begun')).toHaveLength(10);
  const secret = Array.from({ length: 5 }, () => send('A', 'secret'));
  await turn();
  expect(new Set(statesOf(secret))).toEqual(new Set(['begun']));
  expect(send('A', 'public').state).toBe('rejected');
});

it('does not count a request while its body arrives', () => {
  load = createLoadShedding(2);
  const slow = Array.from({ length: 8 }, () => {
    const request = send('A');
    request.admitted?.pause();
    return request;
  });
  expect(new Set(statesOf(slow))).toEqual(new Set(['begun']));
  for (const { admitted } of slow) admitted?.resume();
  expect(send('A').state).toBe('rejected');
  for (const { admitted } of slow) admitted?.end(1);
  expect(send('A').state).toBe('begun');
});

/** Keeps the event loop busy for 300 ms; load shedding detects it within 200 ms. */
async function keepBusy(): Promise<void> {
  for (const end = performance.now() + 300; performance.now() < end; await turn()) {
    for (const pause = performance.now() + 5; performance.now() < pause; );
  }
}

it('alternates between workspaces while the process is busy, regardless of how many requests each sends', async () => {
  load = createLoadShedding(500);
  send('A');
  await keepBusy();
  begun = [];
  for (let place = 0; place < 100; place += 1) send('B');
  for (let place = 0; place < 10; place += 1) send('C');
  await untilBegun(20);
  expect(begun.slice(0, 20).filter((workspace) => workspace === 'C')).toHaveLength(10);
});

it('begins their requests together while the process is not busy, so that their reads are batched', async () => {
  load = createLoadShedding(500);
  send('A');
  await delay(250);
  begun = [];
  for (let place = 0; place < 10; place += 1) send(place % 2 === 0 ? 'B' : 'C');
  await turn();
  expect(begun).toHaveLength(10);
});

it('weighs requests by their work: requests with ten times the work begin a tenth as often', async () => {
  load = createLoadShedding(500);
  send('A');
  await keepBusy();
  begun = [];
  // The requests establish the mean work of the workspace.
  for (let place = 0; place < 60; place += 1) {
    const heavy = send('B', 'key', 10);
    await untilBegun(place + 1);
    heavy.admitted?.end(1);
  }
  begun = [];
  for (let place = 0; place < 30; place += 1) send('B', 'key', 10);
  for (let place = 0; place < 40; place += 1) send('C', 'key', 1);
  await untilBegun(33);
  expect(begun.slice(0, 33).filter((workspace) => workspace === 'B').length).toBeLessThanOrEqual(8);
});
