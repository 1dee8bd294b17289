import { vi } from 'vitest';

/** The default of Vitest, 1 s, is not enough on a busy machine. Only a test that fails waits for so long. */
const WAIT_MS = 10_000;

const { waitFor } = vi;

vi.waitFor = (check, options) =>
  waitFor(check, typeof options === 'number' ? options : { timeout: WAIT_MS, ...options });
