import { createRelayClient, generated } from './relay.ts';
import { describeClient } from './scenario.ts';

const persistedOperations = { file: `${generated}/persisted-operations.json`, only: false };

describeClient({ name: 'Relay', gateway: { persistedOperations }, create: createRelayClient });
