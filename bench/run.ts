/** Runs a program; where it fails, says why and ends with 1. @param name as `npm run` knows it. */
export function run(name: string, main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`\n${name} failed: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  });
}
