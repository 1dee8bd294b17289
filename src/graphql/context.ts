import type { Viewer } from '../auth/viewer.ts';
import type { Database } from '../db/client.ts';
import type { Loaders } from './loaders.ts';

/** Where the server writes what an operator should know; pino's loggers fit. */
export interface Log {
  error(facts: object, message: string): void;
}

/** What every resolver gets. */
export interface Context {
  db: Database;
  viewer: Viewer;
  loaders: Loaders;
  log: Log;
  requestId: string;
}
