/** An environment without empty variables, which count as unset. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The largest integer that the OpenTelemetry specification requires, and the longest timeout of Node.js in ms. */
export const MAX_INTEGER = 2 ** 31 - 1;

/** How a variable is read. */
interface Rule<Value> {
  /** Returns undefined if the value cannot be used. */
  parse(text: string): Value | undefined;
  /** What a valid value must be, such as `must be true or false`. */
  rule: string;
  default: Value;
  /** How warnings show the value that is used instead; by default, as text. */
  show?: (value: Value) => string;
}

/**
 * Reads variables as the OpenTelemetry specification says: a value that cannot be used is reported and ignored, so the same
 * variables can configure other services too.
 */
export class OtelVariables {
  /** One line for each value that is ignored: the variable, its rule, its value, and what is used instead. */
  readonly warnings: string[] = [];
  /** One line for each value without which data could be sent to a wrong place. They do not contain the value. */
  readonly errors: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** @param names the first one that has a valid value takes precedence. */
  read<Value>(names: readonly string[], { parse, rule, default: fallback, show = String }: Rule<Value>): Value {
    const ignored: [name: string, text: string][] = [];
    let used: Value | undefined;
    for (const name of names) {
      const text = this.#env[name];
      if (text === undefined) continue;
      used = parse(text.trim());
      if (used !== undefined) break;
      ignored.push([name, text]);
    }
    const value = used ?? fallback;
    for (const [name, text] of ignored) this.warn(name, rule, text, show(value));
    return value;
  }

  /** An integer in decimal digits, up to 2^31 - 1. */
  integer(names: readonly string[], min: number, fallback: number, show?: (value: number) => string): number {
    const parse = (text: string) => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= MAX_INTEGER ? value : undefined;
    };
    const rule = `must be an integer from ${min} to ${MAX_INTEGER}`;
    return this.read(names, { parse, rule, default: fallback, ...(show && { show }) });
  }

  /** One of several values, in any case. @param hint is appended to the value that a warning names. */
  oneOf<const Value extends string>(names: readonly string[], values: readonly Value[], fallback: Value, hint = '') {
    return this.read<Value>(names, {
      parse: (text) => values.find((value) => value === text.toLowerCase()),
      rule: `must be one of ${values.join(', ')}`,
      default: fallback,
      show: (value) => value + hint,
    });
  }

  warn(name: string, rule: string, text: string, used: string): void {
    this.warnings.push(`${name}: ${rule}; got ${JSON.stringify(text.slice(0, 200))}; using ${used}`);
  }

  /** Reads a variable that must be valid. @returns undefined if it is not set, or invalid. */
  require<Value>(name: string, parse: (text: string) => Value | undefined, rule: string): Value | undefined {
    const text = this.#env[name];
    if (text === undefined) return undefined;
    const value = parse(text.trim());
    if (value === undefined) this.errors.push(`${name}: ${rule}`);
    return value;
  }

  /** Whether a variable is set. */
  has(name: string): boolean {
    return this.#env[name] !== undefined;
  }
}

/** Parses a comma-separated list of names, in lower case. */
export function parseNames(text: string): string[] {
  return text
    .toLowerCase()
    .split(',')
    .flatMap((name) => name.trim() || []);
}

/** Parses a comma-separated list of `key=value` whose keys and values are percent-encoded. @returns undefined if any is invalid. */
export function parsePairs(text: string): Record<string, string> | undefined {
  const pairs: [string, string][] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [, key, value] = /^\s*([^=\s]+)\s*=(.*)$/.exec(part) ?? [];
    if (key === undefined || value === undefined) return undefined;
    try {
      pairs.push([decodeURIComponent(key), decodeURIComponent(value.trim())]);
    } catch {
      return undefined;
    }
  }
  return Object.fromEntries(pairs);
}
