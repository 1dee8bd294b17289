import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Runs code in a process that handles uncaught errors as a gateway does. */
function run(code: string) {
  const program = `
    import { pino } from 'pino';
    import { exitOnUncaughtException } from './src/process/lifecycle.ts';
    exitOnUncaughtException(pino({}, { write: (line) => console.log(JSON.parse(line).msg) }));
    ${code}`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    encoding: 'utf8',
  });
  return { status, lines: stdout.trim().split('\n') };
}

it('logs a promise rejection that nothing handles, and continues', () => {
  const code = "Promise.reject(new Error('late')); setTimeout(() => console.log('still running'), 50);";
  expect(run(code)).toEqual({ status: 0, lines: ['unhandled promise rejection', 'still running'] });
});

it('logs an uncaught exception, and exits', () => {
  const code = "setTimeout(() => { throw new Error('broken'); }); setTimeout(() => console.log('still running'), 500);";
  expect(run(code)).toEqual({ status: 1, lines: ['exiting because of an uncaught exception'] });
});
