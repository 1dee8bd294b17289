/** An e-mail address, plain or percent-encoded. A `/` before the `@` belongs to the path of a scoped package in a stack. */
const ADDRESS = /[^\s"'`\\/:,;<>()[\]{}=]{1,254}(?:@|%40)[^\s"'`\\/:,;<>()[\]{}=]+/gi;
const SECRET = /\bsk_[\w-]+/g;
const CREDENTIALS = /\b(Basic|Bearer) +[\w+/=.~-]+/gi;
const SENSITIVE_HINT = /@|%40|sk_|Basic |Bearer /i;

/** Replaces e-mail addresses, secrets and credentials in a log line. Quotes are preserved, so that JSON stays valid. */
export function redactLine(line: string): string {
  if (!SENSITIVE_HINT.test(line)) return line;
  return line
    .replaceAll(CREDENTIALS, '$1 [credentials]')
    .replaceAll(SECRET, '[secret]')
    .replaceAll(ADDRESS, '[address]');
}

/** Quoted parts of a message are kept only if they look like the name of a table or column. */
const QUOTED = /"(.*?)"/gs;
const NAME = /^[a-z_][\w.]*$/i;
/** Errors of SQLSTATE class 22 (data exception) quote values, which may look like identifiers. */
const DATA_EXCEPTION = /^22...$|Code: `22...`/;

/** Errors that SQL raised itself (`RAISE EXCEPTION` of an operator's trigger): the message can be a whole row. */
const RAISED = /^P0001$|Code: `P0001`/;

function redactMessage(error: Error, code: unknown): string {
  const { message } = error;
  if (RAISED.test(String(code)) || RAISED.test(message)) return 'An exception was raised by SQL.';
  const isDataException = DATA_EXCEPTION.test(String(code)) || DATA_EXCEPTION.test(message);
  const isHarmless = !isDataException && [...message.matchAll(QUOTED)].every(([, quoted = '']) => NAME.test(quoted));
  return isHarmless ? message : message.replace(/".*"/s, '"…"');
}

/** Properties of errors of the driver, Prisma and sockets that never contain user data. */
const SAFE_PROPERTIES = [
  'code',
  // The label that db/statements.ts adds.
  'statement',
  'severity',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'routine',
  'syscall',
];

/** How many nested causes are logged. */
const MAX_CAUSES = 5;

/** An error as it is logged. */
export interface LoggedError {
  type: string;
  message: string;
  stack: string;
  [property: string]: unknown;
}

/**
 * Describes an error without data of requests and rows. PostgreSQL puts whole rows into `detail` and `where`, Prisma and
 * GraphQL put arguments into properties, and messages quote values.
 */
export function describeError(error: unknown, depth = 0): LoggedError | undefined {
  if (!(error instanceof Error)) return undefined;
  const properties = new Map<string, unknown>(Object.entries(error));
  const safeProperties = SAFE_PROPERTIES.flatMap((name) => {
    const value = properties.get(name);
    return typeof value === 'string' || typeof value === 'number' ? [[name, value] as const] : [];
  });
  const message = redactMessage(error, properties.get('code'));
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  const cause = depth < MAX_CAUSES ? describeError(error.cause, depth + 1) : undefined;
  return {
    type: error.constructor.name,
    message,
    ...Object.fromEntries(safeProperties),
    stack: [`${error.constructor.name}: ${message}`, ...frames].join('\n'),
    ...(cause ? { cause } : {}),
  };
}

const hide = (): string => '[hidden]';

/** pino serializers by property name. Requests are logged by route, because their paths can contain uids and e-mail addresses. */
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
