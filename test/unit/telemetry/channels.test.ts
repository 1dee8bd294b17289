import { afterEach, expect, it, vi } from 'vitest';
import { failedLoginChannel, type JobMessage, jobChannel, report } from '../../../src/telemetry/channels.ts';
import { countListenerErrors, logListenerErrors } from '../../../src/telemetry/listener-errors.ts';

const uncaught: unknown[] = [];
process.on('uncaughtException', (error) => uncaught.push(error));
afterEach(() => void vi.useRealTimers());

function fail(): never {
  throw new Error('This listener fails.');
}

it('does not keep the error of work, which can contain personal data', async () => {
  const errors: unknown[] = [];
  const unsubscribe = jobChannel.subscribe({ end: ({ error }) => errors.push(error) });
  const message: JobMessage = { name: 'fails' };
  const error = new Error('This job fails.');
  await expect(
    report(
      jobChannel,
      () => message,
      () => Promise.reject(error),
    ),
  ).rejects.toBe(error);
  unsubscribe();
  expect(errors).toEqual([error]);
  expect(message.error).toBeUndefined();
});

it('goes on when a subscriber fails, counts its errors, and logs one per channel and minute', async () => {
  const logged: string[] = [];
  logListenerErrors((_error, source) => logged.push(source));
  const ended: string[] = [];
  const unsubscribes = [
    jobChannel.subscribe({ start: fail, end: fail }),
    jobChannel.subscribe({ end: ({ name }) => ended.push(name) }),
    failedLoginChannel.subscribe(fail),
  ];
  vi.useFakeTimers({ toFake: ['performance'] });
  const before = countListenerErrors();
  const run = (name: string) =>
    report(
      jobChannel,
      () => ({ name }),
      async () => name,
    );
  for (const name of ['a', 'b']) expect(await run(name)).toBe(name);
  failedLoginChannel.publish({});
  const sources = ['usergraph:job:start', 'usergraph:job:end', 'usergraph:failed-login'];
  expect(logged).toEqual(sources);
  vi.advanceTimersByTime(60_000);
  await run('c');
  expect(logged).toEqual([...sources, 'usergraph:job:start', 'usergraph:job:end']);
  expect(ended).toEqual(['a', 'b', 'c']);
  expect(countListenerErrors() - before).toBe(7);
  for (const unsubscribe of unsubscribes) unsubscribe();
  expect([jobChannel.hasSubscribers, failedLoginChannel.hasSubscribers]).toEqual([false, false]);
  // Node throws errors of subscribers in the next tick.
  await new Promise(setImmediate);
  expect(uncaught).toEqual([]);
});
