import { afterAll } from 'vitest';
import { reapWorkerProcesses, startWorkerReaper } from './process-reaper.ts';

// A set-up file of vitest: kills the processes that a test file has left running, at its end or when its worker exits.
startWorkerReaper();
afterAll(reapWorkerProcesses);
