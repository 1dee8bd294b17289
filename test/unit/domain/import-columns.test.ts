import { describe, expect, it } from 'vitest';
import { CellError, convertCell } from '../../../src/domain/transfer/cells.ts';
import { type CsvRules, ImportFileError } from '../../../src/domain/transfer/formats/record.ts';
import { openImport } from '../../../src/domain/transfer/open.ts';
import { queryNotation } from '../../../src/domain/transfer/option-notation.ts';
import { inPieces, outlineOf, readImport } from '../../kit/import-files.ts';

const columnsOf = async (...args: Parameters<typeof readImport>) =>
  (await readImport(...args)).file.columns?.map(({ field, type }) => `${field}:${type}`);

/** The value of a cell, or the code of its error. */
function convert(text: string, type: Parameters<typeof convertCell>[1], rules: CsvRules = {}): unknown {
  try {
    return convertCell(text, type, rules, true);
  } catch (error) {
    if (error instanceof CellError) return error.code;
    throw error;
  }
}

describe('columns', () => {
  it('finds fields by their names in both APIs, without differences of case and separators', async () => {
    const header = 'UID,first_name,LastName,E-Mail,tz,device.token,device_platform,lists,created at';
    expect(await columnsOf('importUsers', `${header}\nu1,,,,,,,,\n`)).toEqual([
      'uid:string',
      'firstName:string',
      'lastName:string',
      'email:string',
      'timeZone:string',
      'device.token:string',
      'device.platform:string',
      'lists:texts',
      'createdAt:date',
    ]);
  });

  it('lists all unknown columns with the nearest field', async () => {
    await expect(readImport('importUsers', 'uid,frist_name,Ort\nu1,a,b\n')).rejects.toThrow(
      'Unknown columns: "frist_name" (did you mean firstName?), "Ort". Map each with --map "frist_name=firstName"',
    );
  });

  const long = 'x'.repeat(5_000);

  it.each<[string, string, Parameters<typeof readImport>[2]]>([
    ['an unknown column', `uid,a\0${long}\nu1,b\n`, {}],
    ['many unknown columns', `uid,${Array.from({ length: 2_000 }, (_, place) => `a\0${place}`).join(',')}\nu1\n`, {}],
    ['a mapped column', `uid,a\0${long}\nu1,b\n`, { map: { [`a\0${long}`]: `b\0${long}` } }],
    ['a mapped column that is missing', `uid,a\0${long}\nu1,b\n`, { map: { [`b\0${long}`]: 'email' } }],
    ['a column of ambiguous numbers', `uid,meta.a\0${long}\nu1,"1${',234'.repeat(1_000)}"\n`, {}],
    ['columns of the same field', `uid,meta.a\0${long},meta.a\0${long}\nu1,b,c\n`, {}],
    ['a missing column', `email,meta.a\0${long}\na,b\n`, {}],
    ['a type of no column', 'uid\nu1\n', { types: { [`a\0${long}`]: 'number' } }],
  ])('escapes and truncates names in the message about %s', async (_case, content, options) => {
    const error: unknown = await readImport('importUsers', content, { format: 'csv', ...options }).catch(
      (each) => each,
    );
    expect(error).toBeInstanceOf(ImportFileError);
    const { message } = error as ImportFileError;
    expect(message).not.toContain('\0');
    expect(message.length).toBeLessThan(2_000);
  });

  it('maps columns, ignores them, and makes attributes of unknown ones', async () => {
    const content = 'Kunde,Ort,X,Alter\nu1,Bern,?,5\n';
    const map = { Kunde: 'uid', Ort: 'meta.city', X: '-' };
    const { records } = await readImport('importUsers', content, { map, unknown: 'attributes' });
    expect(outlineOf(records)).toEqual([[2, { uid: 'u1', meta: { city: 'Bern', Alter: 5 } }]]);
    expect(await columnsOf('importUsers', content, { map, unknown: 'ignore' })).toEqual([
      'uid:string',
      'meta.city:string',
      'null:string',
      'null:string',
    ]);
  });

  it.each([
    [{ map: { uid: 'colour' } }, 'there is no field "colour"'],
    [{ map: { Nope: 'uid' } }, 'The option map names columns that the file does not have: Nope'],
    [{ map: { email: 'uid' } }, 'Columns "uid" and "email" are both uid'],
    [{ map: { uid: '-' } }, 'No column is uid. Use --map "COLUMN=uid".'],
    [{ types: { 'meta.x': 'number' } as const }, 'The option type names fields that no column has: meta.x'],
  ])('rejects %j', async (options, message) => {
    await expect(readImport('importUsers', 'uid,email\nu1,a@b.c\n', options)).rejects.toThrow(message);
  });

  it('guesses the types of attributes, unless they are given', async () => {
    const header = 'uid,meta.n,meta.zip,meta.on,meta.day,meta.text,meta.given:string,meta.none';
    const content = `${header}\nu1,1.5,01234,true,2025-12-31,x,1,\nu2,-2,56789,FALSE,2025-01-01T10:00:00Z,2,2,\n`;
    expect(await columnsOf('importUsers', content)).toEqual([
      'uid:string',
      'meta.n:number',
      'meta.zip:string',
      'meta.on:boolean',
      'meta.day:date',
      'meta.text:string',
      'meta.given:string',
      'meta.none:string',
    ]);
    expect(await columnsOf('importUsers', 'uid,meta.n\nu1,5\n', { types: { 'meta.n': 'string' } })).toContain(
      'meta.n:string',
    );
  });

  it('rejects the few cells that do not have the type of nearly all others', async () => {
    const rows = Array.from({ length: 99 }, (_, place) => `u${place},${place}`);
    const { records } = await readImport('importUsers', ['uid,meta.n', ...rows, 'u99,many'].join('\n'));
    expect(records.at(-1)?.issues).toMatchObject([{ path: ['meta', 'n'], code: 'INVALID_NUMBER_CELL' }]);
    expect(records.at(-2)?.input).toEqual({ uid: 'u98', meta: { n: 98 } });
  });

  it('asks for the option without which numbers or dates would become texts', async () => {
    const message = 'Column "meta.n" has numbers such as "1.234,5": use --decimal comma or --decimal point';
    await expect(readImport('importUsers', 'uid,meta.n\nu1,7\nu2,"1.234,5"\n')).rejects.toThrow(message);
    await expect(readImport('importUsers', 'uid,meta.d\nu1,31.12.2025\n')).rejects.toThrow('use --dates dmy');
    const options = { decimal: 'comma', dates: 'dmy' } as const;
    const { records } = await readImport('importUsers', 'uid;meta.n;meta.d\nu1;1.234,5;31.12.2025\n', options);
    expect(records[0]?.input).toEqual({ uid: 'u1', meta: { n: 1234.5, d: '2025-12-31' } });
  });

  it('asks whether a point separates thousands if no number of the column shows it', async () => {
    const message = 'Column "meta.n" has numbers such as "1.234": use --decimal comma or --decimal point';
    await expect(readImport('importUsers', 'uid;meta.n\nu1;1.234\nu2;12.500\nu3;7\n')).rejects.toThrow(message);
    for (const shown of ['0.5', '1.25', '1000.125']) {
      const { records } = await readImport('importUsers', `uid;meta.n\nu1;1.234\nu2;${shown}\n`);
      expect(records[0]?.input).toEqual({ uid: 'u1', meta: { n: 1.234 } });
    }
    const { records } = await readImport('importUsers', 'uid;meta.n\nu1;1.234\n', { decimal: 'comma' });
    expect(records[0]?.input).toEqual({ uid: 'u1', meta: { n: 1234 } });
  });

  it('names two columns of the same name', async () => {
    await expect(readImport('importUsers', 'uid;uid\nu1;u2\n')).rejects.toThrow('Two columns are named "uid".');
  });

  it('suggests a field only if half of the name is right', async () => {
    await expect(readImport('importUsers', 'uid,xx\nu1,1\n')).rejects.toThrow('Unknown columns: "xx". Map');
  });

  it('names the parameters of HTTP in messages for HTTP', async () => {
    const open = (content: string) => openImport('importUsers', inPieces(content), {}, queryNotation);
    await expect(open('uid;n\nu1;1\n')).rejects.toThrow(
      'Map each with map[]=n=meta.n, ignore it with map[]=n=-, or use unknown=ignore or unknown=attributes.',
    );
    await expect(open('uid;meta.n\nu1;1,5\n')).rejects.toThrow('use decimal=comma or decimal=point');
  });

  it('keeps attributes of any name', async () => {
    const { records } = await readImport('importUsers', 'uid,meta.__proto__:string,meta.a.b:number\nu1,x,1\n');
    expect(JSON.stringify(records[0]?.input)).toBe('{"uid":"u1","meta":{"__proto__":"x","a.b":1}}');
  });

  it('reads the columns of events', async () => {
    const content = 'uid,event,value,timestamp,properties.plan,idempotency_key\nu1,Paid,5,1577836800,pro,k1\n';
    const timestamp = new Date('2020-01-01');
    const input = { uid: 'u1', name: 'Paid', value: 5, timestamp, properties: { plan: 'pro' }, idempotencyKey: 'k1' };
    expect(outlineOf((await readImport('importEvents', content)).records)).toEqual([[2, input]]);
  });
});

describe('cells', () => {
  it.each([
    ['1234.56', {}, 1234.56],
    ['-.5', {}, -0.5],
    ['1e3', {}, 1000],
    ['1.234,56', {}, 'AMBIGUOUS_NUMBER'],
    ['1,5', {}, 'AMBIGUOUS_NUMBER'],
    ['1,234.5', { decimal: 'point' }, 1234.5],
    ['1.234', { decimal: 'comma' }, 1234],
    ['1.5', { decimal: 'comma' }, 'INVALID_NUMBER_CELL'],
    ['12.34,5', { decimal: 'comma' }, 'INVALID_NUMBER_CELL'],
    ['0x10', {}, 'INVALID_NUMBER_CELL'],
    ['NaN', {}, 'INVALID_NUMBER_CELL'],
  ] as const)('converts the number %s with %j', (text, rules, expected) => {
    expect(convert(text, 'number', rules)).toBe(expected);
  });

  it.each([
    ['2025-12-31', {}, '2025-12-31'],
    ['2025-12-31 10:00', {}, '2025-12-31T10:00:00.000Z'],
    ['2025-12-31T10:00:00+02:00', {}, '2025-12-31T08:00:00.000Z'],
    ['1577836800', {}, '2020-01-01T00:00:00.000Z'],
    ['1577836800000', {}, '2020-01-01T00:00:00.000Z'],
    ['31.12.2025', {}, 'AMBIGUOUS_DATE'],
    ['31.12.2025 9:30', { dates: 'dmy' }, '2025-12-31T09:30:00.000Z'],
    ['12/31/2025', { dates: 'mdy' }, '2025-12-31'],
    ['12/31/2025', { dates: 'dmy' }, 'INVALID_DATE'],
    ['30.02.2025', { dates: 'dmy' }, 'INVALID_DATE'],
    ['1.1.25', { dates: 'dmy' }, 'INVALID_DATE'],
    ['tomorrow', {}, 'INVALID_DATE'],
  ] as const)('converts the date %s with %j', (text, rules, expected) => {
    expect(convert(text, 'date', rules)).toBe(expected);
  });

  it('converts booleans, lists and JSON', () => {
    expect(['TRUE', 'no', '1', 'maybe'].map((text) => convert(text, 'boolean'))).toEqual([
      true,
      false,
      true,
      'INVALID_BOOLEAN',
    ]);
    expect(convert(' a | b|', 'texts')).toEqual(['a', 'b']);
    expect(convert('[{"id":"a"}]', 'texts')).toEqual([{ id: 'a' }]);
    expect([convert('5', 'json'), convert('{', 'json')]).toEqual([5, 'INVALID_JSON']);
  });
});
