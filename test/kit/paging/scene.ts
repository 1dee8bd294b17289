import { afterAll, beforeAll } from 'vitest';
import { type Answer, startApp } from '../app.ts';
import { tens } from '../seed-rows.ts';
import { type App, type ConnectionCase, connectionIn } from './connection-case.ts';

/** A few rows, oldest first, for what is proved of each place; and enough of them for pages of the default size. */
export const MIN_KEYS_FOR_ARRAYS = tens(5);
export const MANY = tens(23);

/** Starts one app for a group of tests, with rows in the connection. */
export function withRows(connection: ConnectionCase, rows: readonly number[]) {
  let app: App;
  beforeAll(async () => {
    app = await startApp();
    if (rows.length > 0) await connectionIn(app, connection).add(rows);
  });
  afterAll(() => app[Symbol.asyncDispose]());
  return () => ({ app, ...connectionIn(app, connection) });
}

/** What a refusal for bad input says, or the answer where it is none. */
export function faultsOf({ data, errors }: Answer<unknown>) {
  const [error, ...others] = errors ?? [];
  if (data || error?.extensions.code !== 'BAD_USER_INPUT' || others.length > 0) return { data, errors };
  return (error.extensions.issues ?? []).map(({ path, code }) => `${path.join('.')} ${code}`).toSorted();
}
