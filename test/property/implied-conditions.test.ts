import { expect, it } from 'vitest';
import { Prisma } from '../../src/db/generated/client.ts';
import { containsFragment } from '../../src/domain/filter/indexed.ts';
import { sqlText, textComparisons } from '../../src/domain/filter/texts.ts';
import { startApp } from '../kit/app.ts';
import { type Choices, choicesOf } from '../kit/choices.ts';
import { casesOf } from '../kit/test-size.ts';

// The index `attribute-text` has the text of whole objects. What is asked of it must hold wherever the comparison holds: the text
// of an object has escapes, other keys and other values.

const app = await startApp();

/** Characters that JSON, LIKE or `lower` treat specially, between ordinary ones. */
const characters = [
  ...Array.from({ length: 0x20 }, (_, code) => String.fromCodePoint(code)).slice(1),
  ...[
    '"',
    '\\',
    '/',
    '%',
    '_',
    ':',
    ',',
    '{',
    '}',
    "'",
    ' ',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\ufffe',
  ],
  ...[
    'a',
    'A',
    'b',
    'n',
    'u',
    '0',
    'é',
    'É',
    'e\u0301',
    'ß',
    'ẞ',
    'Σ',
    'σ',
    'ς',
    'İ',
    'ı',
    'I',
    'Ж',
    'ж',
    'ǅ',
    '日',
    '😀',
    '𐐀',
  ],
];

const textOf = ({ of, below }: Choices) => Array.from({ length: below(12) }, () => of(characters)).join('');

/** Another text, or a part of this one, in another case. */
function operandOf(choices: Choices, text: string): string {
  const { percent, below } = choices;
  if (percent(20)) return textOf(choices);
  const all = Array.from(text);
  const part = all.slice(below(all.length + 1), percent(50) ? undefined : below(all.length + 1)).join('');
  return percent(30) ? part.toUpperCase() : percent(30) ? part.toLowerCase() : part;
}

/** Those of the comparisons that hold for the value of a key in an object, and whether what they imply holds for the object. */
async function resultsOf(meta: Record<string, unknown>, key: string, operand: string) {
  const object = Prisma.sql`(SELECT ${JSON.stringify(meta)}::jsonb AS meta) AS users`;
  const operators = ['eq', 'contains', 'startsWith', 'endsWith'] as const;
  const parts = [true, false].flatMap((caseSensitive) =>
    operators.flatMap((operator) => textComparisons({ [operator]: operand, caseSensitive })),
  );
  const pairs = parts.map(
    (comparison) =>
      Prisma.sql`(${comparison.sql(sqlText(Prisma.sql`(meta->>${key}::text)`), new Date())},
        ${comparison.fragment && containsFragment(Prisma.sql`meta`, key, comparison.fragment)})`,
  );
  return app.db.$queryRaw<{ holds: boolean; implied: boolean }[]>(
    Prisma.sql`SELECT holds, implied FROM ${object}, LATERAL (VALUES ${Prisma.join(pairs)}) AS result(holds, implied)`,
  );
}

it('hold wherever a comparison of a text holds, whatever its characters', { timeout: 300_000 }, async () => {
  let [held, excluded] = [0, 0];
  for (let seed = 1; seed <= casesOf(5_000); seed += 1) {
    const choices = choicesOf(seed);
    const [key, text] = [`k${textOf(choices)}`, textOf(choices)];
    const operand = operandOf(choices, text);
    const meta = {
      [textOf(choices)]: textOf(choices),
      [key]: text,
      ...(choices.percent(50) ? { [`${key}2`]: 5 } : {}),
    };
    const results = await resultsOf(meta, key, operand);
    const wrong = results.filter(({ holds, implied }) => holds && !implied);
    expect({ seed, key, text, operand, wrong }).toMatchObject({ wrong: [] });
    held += results.filter(({ holds }) => holds).length;
    excluded += results.filter(({ implied }) => !implied).length;
  }
  expect(Math.min(held, excluded)).toBeGreaterThan(casesOf(5_000));
});

it('hold for every character', { timeout: 300_000 }, async () => {
  const CHUNK = 500;
  for (let start = 1; start <= 0x2_ffff; start += CHUNK) {
    const codes = Array.from({ length: CHUNK }, (_, place) => start + place);
    const text = codes
      .map((code) => String.fromCodePoint(code))
      .filter((each) => each.isWellFormed())
      .join('');
    const [result] = await resultsOf({ key: text, other: 'text' }, 'key', text);
    expect({ start, ...result }).toEqual({ start, holds: true, implied: true });
  }
});
