import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, toNumber, UnsafeNumber } from '../../../src/domain/shared/json-numbers.ts';

const safe = [
  '0',
  '-0',
  '0e5',
  '0e99999999999999999999',
  '1.10',
  '0.1',
  '1e3',
  '1E+3',
  '100e-2',
  '0.30000000000000004',
  '-12.99',
  '9007199254740991',
  '-9007199254740991',
  '1.7976931348623158e-10',
  '5e-324',
  `1.${'0'.repeat(1_000)}`,
];

const unsafe = [
  '7234567890123456789',
  '-7234567890123456789',
  '9007199254740992',
  '9007199254740993',
  '1e20',
  '1e21',
  '1e400',
  '-1e400',
  '1e-400',
  '0.1234567890123456789',
  '9007199254740992.5',
  '4503599627370497.25',
  '1e99999999999999999999',
  '1e-99999999999999999999',
  `0.${'0'.repeat(400)}1`,
];

describe('toNumber', () => {
  it.each(safe)('reads %s unchanged', (source) => {
    expect(toNumber(source)).toBe(Number(source));
  });

  it.each(unsafe)('does not round %s', (source) => {
    expect(toNumber(source)).toEqual(new UnsafeNumber(source));
  });

  it('reads a megabyte of digits quickly', () => {
    const started = performance.now();
    expect(toNumber(`1${'0'.repeat(500_000)}1${'0'.repeat(500_000)}`)).toBeInstanceOf(UnsafeNumber);
    expect(toNumber(`0.${'0'.repeat(500_000)}1${'0'.repeat(500_000)}`)).toBeInstanceOf(UnsafeNumber);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('changes no number that JSON.stringify writes, except for unsafe integers', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const isSafe = !Number.isInteger(value) || Number.isSafeInteger(value);
        const read = toNumber(JSON.stringify(value));
        if (isSafe) expect(read === value).toBe(true);
        else expect(read).toBeInstanceOf(UnsafeNumber);
      }),
    );
  });
});

describe('parseJson', () => {
  it.each(safe)('reads %s in every position', (source) => {
    for (const text of [
      source,
      ` ${source}`,
      `[${source}]`,
      `{"a":${source}}`,
      `{"a" :\n${source} , "b":[1,${source}]}`,
    ])
      expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each(unsafe)('marks %s in every position', (source) => {
    const marker = new UnsafeNumber(source);
    expect(parseJson(source)).toEqual(marker);
    expect(parseJson(`\t${source}\n`)).toEqual(marker);
    expect(parseJson(`[${source},1,${source}]`)).toEqual([marker, 1, marker]);
    expect(parseJson(`{"a":${source},"b":{"c":\r\n${source}}}`)).toEqual({ a: marker, b: { c: marker } });
  });

  it('does not change texts that contain digits', () => {
    const text = '{"7234567890123456789":"1e400","a":": 7234567890123456789","__proto__":"x"}';
    expect(JSON.stringify(parseJson(text))).toBe(text);
  });

  it('reads all other JSON like JSON.parse', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain = JSON.stringify(JSON.parse(text), (_key, value) =>
          Number.isInteger(value) && !Number.isSafeInteger(value) ? 'unsafe' : value,
        );
        const ours = JSON.stringify(parseJson(text), function (this: Record<string, unknown>, key, value) {
          return this[key] instanceof UnsafeNumber ? 'unsafe' : value;
        });
        expect(ours).toBe(plain);
      }),
    );
  });

  it.each(['', '{', '01', '1e', '{"a":7234567890123456789', '[1e400,]'])('throws a SyntaxError for %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('throws a SyntaxError for JSON that is nested too deeply for a reviver', () => {
    const text = `[1e400,${'['.repeat(100_000)}${']'.repeat(100_000)}]`;
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});

it('prints an unsafe number as received', () => {
  const marker = new UnsafeNumber('7234567890123456789');
  expect([`${marker}`, JSON.stringify({ marker })]).toEqual([
    '7234567890123456789',
    '{"marker":"7234567890123456789"}',
  ]);
});
