import { afterAll, describe, expect, it } from 'vitest';
import { wordsOf } from '../../../src/domain/users/words.ts';
import { startApp } from '../../kit/app.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

/** The words of texts, as the database divides them. */
async function storedWords(texts: readonly string[]): Promise<string[][]> {
  const rows = await app.db.$queryRaw<{ words: string }[]>`
    SELECT fold_words(value) AS words FROM unnest(${texts}::text[]) WITH ORDINALITY AS text(value, place) ORDER BY place`;
  return rows.map(({ words }) => (words === '' ? [] : words.split(' ')));
}

const examples: [string, string[]][] = [
  ['Ada Lovelace', ['ada', 'lovelace']],
  ['', []],
  [' -- ', []],
  ['José-María', ['jose', 'maria']],
  ['Chloe\u0301', ['chloe']],
  ['ÉCOLE', ['ecole']],
  ['Łódź', ['lodz']],
  ['Bjørn Ærø', ['bjorn', 'aero']],
  ['STRAẞE straße', ['strasse', 'strasse']],
  ['Þór', ['thor']],
  ['İstanbul ırmak', ['istanbul', 'irmak']],
  ['ΟΔΥΣΣΕΥΣ Οδυσσεύς', ['οδυσσευσ', 'οδυσσευσ']],
  ['ЖАННА Ёлка', ['жанна', 'елка']],
  ['Ñoño ÑANDÚ', ['nono', 'nandu']],
  ['日本 美咲', ['日本', '美咲']],
  ['ﬁn ①', ['fin', '1']],
  ['ada.l+news@mail.example.com', ['ada', 'l', 'news', 'mail', 'example', 'com']],
  ['u_1232', ['u', '1232']],
  ['a😀b', ['a', 'b']],
  ['شُكْرًا', ['شكرا']],
  ['שָׁלוֹם', ['שלום']],
  ['soft\u00adhyphen', ['softhyphen']],
  ['x'.repeat(120), ['x'.repeat(100)]],
  [`${'é'.repeat(120)} a`, ['e'.repeat(100), 'a']],
  ['日'.repeat(120), ['日'.repeat(100)]],
  ['a b '.repeat(150), Array<string[]>(100).fill(['a', 'b']).flat()],
];

/**
 * The letters with decompositions that PostgreSQL knows only from a version on: those that Unicode 14, 15, 16 and 17 have added, in
 * this order. PostgreSQL 14 has Unicode 13, and PostgreSQL 18 has Unicode 16.
 */
const recent: [number, number][] = [
  [0xa7f2, 0xa7f4],
  [0x10781, 0x107ba],
  [0x1e030, 0x1e06d],
  [0x105c9, 0x105c9],
  [0x105e4, 0x105e4],
  [0x11383, 0x11383],
  [0x11385, 0x11385],
  [0x1138e, 0x1138e],
  [0x11391, 0x11391],
  [0x113c5, 0x113c5],
  [0x113c7, 0x113c8],
  [0x16121, 0x16128],
  [0x16d68, 0x16d6a],
  [0x1ccd6, 0x1ccf9],
  [0xa7f1, 0xa7f1],
];

const isRecent = (codePoint: number) => recent.some(([first, last]) => codePoint >= first && codePoint <= last);

describe('The words of a text', () => {
  it.each(examples)('of %j', async (text, words) => {
    expect(wordsOf(text)).toEqual(words);
    expect(await storedWords([text])).toEqual([words]);
  });

  it('are the same in TypeScript and in SQL, for each code point up to U+2FFFF', { timeout: 60_000 }, async () => {
    const texts = Array.from({ length: 0x30000 }, (_, codePoint) => codePoint)
      .filter((codePoint) => codePoint > 0 && (codePoint < 0xd800 || codePoint >= 0xe000))
      .map((codePoint) => `x${String.fromCodePoint(codePoint)}Y`);
    const stored = await storedWords(texts);
    const different = texts.filter((text, place) => wordsOf(text).join(' ') !== stored[place]?.join(' '));
    expect(different.map((text) => text.codePointAt(1) ?? 0).filter((codePoint) => !isRecent(codePoint))).toEqual([]);
  });
});
