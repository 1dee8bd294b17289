import type { Viewer } from '../auth/viewer.ts';
import type { Database } from '../db/client.ts';
import type { Loaders } from './loaders/index.ts';

/** What every resolver gets. */
export interface Context {
  db: Database;
  viewer: Viewer;
  loaders: Loaders;
}
