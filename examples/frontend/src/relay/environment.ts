import { Environment, Network, RecordSource, Store } from 'relay-runtime';
import { fetchWithRetry } from './fetch-with-retry.ts';

/** The cache and the network of the application. */
export const environment = new Environment({
  network: Network.create(fetchWithRetry),
  store: new Store(new RecordSource()),
});
