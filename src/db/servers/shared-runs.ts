/**
 * Shares runs of a function: a call gets the result of a run that starts after the call. Calls during a run share the next one, so that
 * at most one is under way.
 */
export function sharedRuns<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<Result> | undefined;
  const start = () => {
    next = undefined;
    const started = run();
    running = started.catch(() => {});
    return started;
  };
  return () => {
    next ??= running.then(start);
    return next;
  };
}
