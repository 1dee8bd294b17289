/** Does some work, and disposes of what it has put on the stack when it is done or interrupted. */
export async function interruptible<Result>(work: (stack: AsyncDisposableStack) => Promise<Result>): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const interrupt = () => void stack.disposeAsync().finally(() => process.exit(130));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  stack.defer(() => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt));
  return await work(stack);
}
