import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { checkInstalled } from '../../kit/installed.ts';

it('lets tests skip without a program, but not in CI', () => {
  vi.stubEnv('TEST_PROGRAMS', undefined);
  expect(checkInstalled('systemd-analyze', false)).toBe(false);
  vi.stubEnv('TEST_PROGRAMS', 'required');
  expect(checkInstalled('systemd-analyze', true)).toBe(true);
  expect(() => checkInstalled('systemd-analyze', false)).toThrow('systemd-analyze is not installed');
  expect(readFileSync('.ci/run', 'utf8')).toContain('export TEST_PROGRAMS=required');
});
