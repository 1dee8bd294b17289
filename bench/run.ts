/** Runs a program; on failure, prints the error and sets exit code 1. @param name the npm script. */
export function run(name: string, main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`\n${name} failed: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  });
}
