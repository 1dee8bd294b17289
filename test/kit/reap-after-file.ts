import { reapAfterFile } from './process-reaper.ts';

// A set-up file of vitest: processes that a test file leaves running are killed when its worker exits.
reapAfterFile();
