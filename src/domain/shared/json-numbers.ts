declare global {
  interface JSON {
    /** With the text of each value that is no object, which TypeScript's library does not declare yet. */
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  }
}

/** A JSON number that a 64-bit float would change, as it was received. It is a fault wherever it stands. */
export class UnsafeNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  toJSON(): string {
    return this.source;
  }

  toString(): string {
    return this.source;
  }
}

/**
 * Reads a JSON number, or an `UnsafeNumber` in its place: of an integer beyond 2^53 - 1, of what is not finite, and of
 * what has other digits after a round trip through a 64-bit float. `1.10`, `1e3` and `-0` survive, since they are the
 * same number in another notation.
 */
export function toNumber(source: string): number | UnsafeNumber {
  const value = Number(source);
  const isSafe = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isSafe && canonical(source) === canonical(String(value)) ? value : new UnsafeNumber(source);
}

/** The significant digits of a number and its exponent, which are the same in every notation of it. Linear in its length. */
function canonical(source: string): string {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.slice(sign.length).split('.');
  const digits = whole + fraction;
  let [first, end] = [0, digits.length];
  while (first < end && digits[first] === '0') first += 1;
  while (end > first && digits[end - 1] === '0') end -= 1;
  if (first === end) return '0';
  return `${sign}${digits.slice(first, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** Where a number may stand, one of 16 characters or with an exponent: any other survives, having at most 15 digits. */
const SUSPICIOUS = /(?:^|[[,:\s])-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/** Longest text in characters whose unsafe numbers are located: twice the largest attributes. A reviver costs 23 to 100 times `JSON.parse`. */
const MAX_LOCATED = 32 * 1024;

/** A text is not JSON, or cannot be read as it is; the message says why. */
export class JsonSyntaxError extends SyntaxError {}

/**
 * Parses JSON as `JSON.parse` does, but with an `UnsafeNumber` in the place of each number that would be changed. Texts without
 * long numbers, which is most, cost half as much again as `JSON.parse`; others about twice as much, unless a number is unsafe.
 * @throws {JsonSyntaxError} where the text is not JSON, is nested deeper than the stack can hold, or is long and has an unsafe
 *   number, which is named.
 */
export function parseJson(text: string): unknown {
  try {
    const unsafe = SUSPICIOUS.test(text) ? findUnsafeNumber(text) : undefined;
    if (unsafe === undefined) return JSON.parse(text);
    if (text.length <= MAX_LOCATED) return JSON.parse(text, (_key, value, { source }) => markUnsafe(value, source));
    // Before its numbers are blamed, it has to be JSON.
    JSON.parse(text);
    throw new JsonSyntaxError(
      `The number ${unsafe.slice(0, 100)} would be changed by a 64-bit float; send it as a string.`,
    );
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw error;
    if (error instanceof RangeError) throw new JsonSyntaxError('The JSON is nested too deeply.');
    throw new JsonSyntaxError('The JSON is not valid.');
  }
}

const markUnsafe = (value: unknown, source: string | undefined) =>
  typeof value === 'number' && source !== undefined ? toNumber(source) : value;

/** The characters of numbers. */
const isNumeric = (code: number) =>
  (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46 || code === 69 || code === 101;

/**
 * Most numbers of a text that are checked, which takes about 1 µs each. More than any input has: 20 mutations with 100 attributes
 * have 2,000.
 */
const MAX_CHECKED = 5_000;

/**
 * The first number outside of strings that would be changed. One pass over the characters: about 5 ms for a megabyte.
 * @throws {JsonSyntaxError} where too many numbers have to be checked.
 */
function findUnsafeNumber(text: string): string | undefined {
  let checked = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 34) at = endOfString(text, at);
    else if (code === 45 || (code >= 48 && code <= 57)) {
      const start = at;
      let hasExponent = false;
      for (let next = text.charCodeAt(at + 1); isNumeric(next); next = text.charCodeAt(at + 1)) {
        hasExponent ||= next === 69 || next === 101;
        at += 1;
      }
      if (!hasExponent && at - start < 15) continue;
      checked += 1;
      if (checked > MAX_CHECKED)
        throw new JsonSyntaxError(`It has more than ${MAX_CHECKED} numbers of 16 digits or with an exponent.`);
      const source = text.slice(start, at + 1);
      if (toNumber(source) instanceof UnsafeNumber) return source;
    }
  }
  return undefined;
}

/** Where a string ends that begins at a place. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 92) at += 1;
    else if (code === 34) return at;
  }
  return text.length;
}
