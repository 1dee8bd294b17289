/** Runs `work`, and disposes of the resources on its stack on completion, on SIGINT or on SIGTERM. */
export async function withCleanup<Result>(work: (stack: AsyncDisposableStack) => Promise<Result>): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const cleanUpAndExit = () => void stack.disposeAsync().finally(() => process.exit(130));
  process.once('SIGINT', cleanUpAndExit).once('SIGTERM', cleanUpAndExit);
  stack.defer(() => void process.off('SIGINT', cleanUpAndExit).off('SIGTERM', cleanUpAndExit));
  return await work(stack);
}
