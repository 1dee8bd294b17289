/** An address, also within a URL; of what lies around it, `/` before an `@` is a path in a stack. */
const ADDRESS = /[^\s"'`\\/:,;<>()[\]{}=]{1,254}(?:@|%40)[^\s"'`\\/:,;<>()[\]{}=]+/gi;
const SECRET = /\bsk_[\w-]+/g;
const CREDENTIALS = /\b(Basic|Bearer) +[\w+/=.~-]+/gi;
const MAY_HOLD_SOME = /@|%40|sk_|Basic |Bearer /i;

/** Takes e-mail addresses, secrets and credentials out of a line, wherever in it they are. Quotes are left as they are. */
export function redactLine(line: string): string {
  if (!MAY_HOLD_SOME.test(line)) return line;
  return line
    .replaceAll(CREDENTIALS, '$1 [credentials]')
    .replaceAll(SECRET, '[secret]')
    .replaceAll(ADDRESS, '[address]');
}

/** What a message quotes is kept where it can only be the name of a table or the like. */
const QUOTED = /"(.*?)"/gs;
const NAME = /^[a-z_][\w.]*$/i;
/** SQLSTATEs of class 22 tell of values, which may look like names. */
const TELLS_VALUES = /^22...$|Code: `22...`/;

function messageOf(error: Error, code: unknown): string {
  const { message } = error;
  const tellsValues = TELLS_VALUES.test(String(code)) || TELLS_VALUES.test(message);
  const isHarmless = !tellsValues && [...message.matchAll(QUOTED)].every(([, quoted = '']) => NAME.test(quoted));
  return isHarmless ? message : message.replace(/".*"/s, '"…"');
}

/** What the driver, Prisma and sockets tell beside a message that is never somebody's data. */
const FACTS = ['code', 'severity', 'schema', 'table', 'column', 'dataType', 'constraint', 'routine', 'syscall'];

/** How deep causes are followed. */
const CAUSES = 5;

/** What the log tells of an error. */
export interface LoggedError {
  type: string;
  message: string;
  stack: string;
  [fact: string]: unknown;
}

/**
 * Describes an error without what it holds of a request or a row: PostgreSQL puts whole rows into `detail` and `where`,
 * Prisma and GraphQL arguments into properties of theirs, and a message may quote them.
 */
export function describeError(error: unknown, depth = 0): LoggedError | undefined {
  if (!(error instanceof Error)) return undefined;
  const properties = new Map<string, unknown>(Object.entries(error));
  const told = FACTS.flatMap((name) => {
    const value = properties.get(name);
    return typeof value === 'string' || typeof value === 'number' ? [[name, value] as const] : [];
  });
  const message = messageOf(error, properties.get('code'));
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  const cause = depth < CAUSES ? describeError(error.cause, depth + 1) : undefined;
  return {
    type: error.constructor.name,
    message,
    ...Object.fromEntries(told),
    stack: [`${error.constructor.name}: ${message}`, ...frames].join('\n'),
    ...(cause ? { cause } : {}),
  };
}

const hide = (): string => '[hidden]';

/** How what is logged under a name is written. A request is told by its route: its path may hold uids, and so addresses. */
export const serializers = {
  err: describeError,
  req: ({ method, routeOptions }: { method?: string; routeOptions?: { url?: string } }) => ({
    method,
    route: routeOptions?.url,
  }),
  ...Object.fromEntries(
    ['authorization', 'body', 'cookie', 'email', 'headers', 'input', 'meta', 'params', 'query', 'variables'].map(
      (name) => [name, hide],
    ),
  ),
};
