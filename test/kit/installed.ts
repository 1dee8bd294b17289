/**
 * Whether tests can use a program of the machine. Without it, they are skipped.
 * @throws {Error} if it is not installed in CI, where `.ci/run` installs all programs (`TEST_PROGRAMS=required`): a skipped test would
 * not be noticed.
 */
export function checkInstalled(name: string, isInstalled: boolean): boolean {
  if (!isInstalled && process.env.TEST_PROGRAMS === 'required') {
    throw new Error(`${name} is not installed: add its Debian package to .ci/run.`);
  }
  return isInstalled;
}
