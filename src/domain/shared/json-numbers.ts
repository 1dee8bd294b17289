declare global {
  interface JSON {
    /** With the source text of each primitive value, which TypeScript's library does not declare yet. */
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  }
}

/** A JSON number that a 64-bit float would change, as received. Every schema rejects it. */
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
 * Converts a JSON number, to an `UnsafeNumber` if it is an integer beyond 2^53 - 1, is not finite, or has other digits after a
 * round trip through a 64-bit float. `1.10`, `1e3` and `-0` are safe: they are the same number in another notation.
 */
export function toNumber(source: string): number | UnsafeNumber {
  const value = Number(source);
  const isSafe = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isSafe && canonicalNumber(source) === canonicalNumber(String(value)) ? value : new UnsafeNumber(source);
}

/** The significant digits of a number and its exponent, which are the same in every notation. Linear in the length. */
function canonicalNumber(source: string): string {
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

/** Where a number may be unsafe: one of 16 characters or with an exponent. A number of at most 15 digits is always safe. */
const POSSIBLY_UNSAFE = /(?:^|[[,:\s])-?\d(?:[\d.]{15}|[\d.]*[eE])/;

/**
 * Longest text, in characters, in which each unsafe number is located: twice the largest attributes. A reviver costs 23 to 100
 * times as much as `JSON.parse` alone.
 */
const MAX_REVIVED_LENGTH = 32 * 1024;

/** The text is not JSON, or its numbers cannot be represented exactly; the message says why. */
export class JsonSyntaxError extends SyntaxError {}

/**
 * Parses JSON like `JSON.parse`, with an `UnsafeNumber` in place of each number that would be changed. A text without long
 * numbers, which is the common case, costs 1.5 times as much as `JSON.parse`; any other about twice as much, unless a number
 * is unsafe.
 * @throws {JsonSyntaxError} if the text is not JSON, is nested deeper than the stack allows, or is longer than
 *   `MAX_REVIVED_LENGTH` and has an unsafe number, which the message names.
 */
export function parseJson(text: string): unknown {
  try {
    const unsafe = POSSIBLY_UNSAFE.test(text) ? findUnsafeNumber(text) : undefined;
    if (unsafe === undefined) return JSON.parse(text);
    if (text.length <= MAX_REVIVED_LENGTH)
      return JSON.parse(text, (_key, value, { source }) => markUnsafe(value, source));
    // A syntax error takes precedence over an unsafe number.
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

/** Whether a character code occurs in numbers: `0-9`, `+`, `-`, `.`, `E`, `e`. */
const isNumeric = (code: number) =>
  (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46 || code === 69 || code === 101;

/**
 * Maximum count of numbers that are checked in a text, at about 1 µs each. More than any valid input has: 20 mutations
 * with 100 attributes have 2,000.
 */
const MAX_CHECKED_NUMBERS = 5_000;

/**
 * Finds the first unsafe number outside of strings, in one pass over the characters: about 5 ms for a megabyte.
 * @throws {JsonSyntaxError} if the text has more than `MAX_CHECKED_NUMBERS` numbers to check.
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
      if (checked > MAX_CHECKED_NUMBERS) {
        throw new JsonSyntaxError(
          `The JSON must have at most ${MAX_CHECKED_NUMBERS} numbers of 16 characters or with an exponent.`,
        );
      }
      const source = text.slice(start, at + 1);
      if (toNumber(source) instanceof UnsafeNumber) return source;
    }
  }
  return undefined;
}

/** The position of the quote that ends a string. @param start position of the quote that begins it. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 92) at += 1;
    else if (code === 34) return at;
  }
  return text.length;
}
