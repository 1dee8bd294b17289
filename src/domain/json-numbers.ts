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

/**
 * Parses JSON as `JSON.parse` does, but with an `UnsafeNumber` in the place of each number that would be changed. Texts
 * without long numbers, which is most, cost half as much again as `JSON.parse`; others six times as much.
 * @throws {SyntaxError} where the text is not JSON, or has long numbers and is nested deeper than the stack can hold.
 */
export function parseJson(text: string): unknown {
  if (!SUSPICIOUS.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined ? toNumber(source) : value,
    );
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError('The JSON is nested too deeply.') : error;
  }
}
