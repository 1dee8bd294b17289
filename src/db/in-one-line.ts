/** The message, without the engine's trace; `localhost` refused on IPv4 and IPv6 is an AggregateError without one. */
export function inOneLine(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(inOneLine).join('; ');
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/\n +0: [\s\S]*/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
