import { Prisma } from '../../db/generated/client.ts';
import type { AttributeType } from '../attributes/declared.ts';
import { MAX_STORED_TEXT_LENGTH } from '../shared/limits.ts';
import { inList } from './comparisons.ts';
import type { NumberFilter, StringFilter, ValueFilter } from './input.ts';
import { instantComparisons, type SqlInstant, sqlInstantText } from './instants.ts';

/** What a filter implies about the value that is stored for an attribute if it is declared with a type. */
export interface StoredTest {
  type: AttributeType;
  /** SQL that an index on the values serves. */
  sql(now: Date): Prisma.Sql;
}

/** The stored values (src/domain/attributes/fill.ts). */
const text = Prisma.sql`attribute_values.text_value`;
const number = Prisma.sql`attribute_values.number_value`;

/** SQL of the text that is stored for a string: it determines whether the text is equal, or starts with another one. */
const storedText = (string: string) => Prisma.sql`left(lower(${string}::text), ${MAX_STORED_TEXT_LENGTH}::int)`;
const numeric = (operand: number) => Prisma.sql`${JSON.stringify(operand)}::numeric`;

/** SQL of the conditions that are set; undefined if none is. */
function conjunction(parts: readonly (Prisma.Sql | undefined)[]): Prisma.Sql | undefined {
  const conditions = parts.filter((part) => part !== undefined);
  return conditions.length === 0 ? undefined : Prisma.join(conditions, ' AND ');
}

const ifSet = <Operand>(operand: Operand | null | undefined, toSql: (operand: Operand) => Prisma.Sql) =>
  operand == null ? undefined : toSql(operand);

const ofString = ({ eq, in: operands, startsWith }: StringFilter) =>
  conjunction([
    ifSet(eq, (operand) => Prisma.sql`${text} = ${storedText(operand)}`),
    ifSet(operands, (each) => inList(text, each.map(storedText))),
    // Unlike LIKE, this takes a text without escaping.
    ifSet(startsWith, (operand) => Prisma.sql`${text} ^@ ${storedText(operand)}`),
  ]);

const ofNumber = ({ eq, in: operands, lt, lte, gt, gte }: NumberFilter) =>
  conjunction([
    ifSet(eq, (operand) => Prisma.sql`${number} = ${numeric(operand)}`),
    ifSet(operands, (each) => inList(number, each.map(numeric))),
    ifSet(lt, (operand) => Prisma.sql`${number} < ${numeric(operand)}`),
    ifSet(lte, (operand) => Prisma.sql`${number} <= ${numeric(operand)}`),
    ifSet(gt, (operand) => Prisma.sql`${number} > ${numeric(operand)}`),
    ifSet(gte, (operand) => Prisma.sql`${number} >= ${numeric(operand)}`),
  ]);

const storedInstant: SqlInstant = { ...sqlInstantText(text), value: text };

/** What the conditions on an attribute imply about its stored value, for each type with which it could be declared. */
export function storedTests({ string, number: numbers, dateTime }: ValueFilter): StoredTest[] {
  const ranges = instantComparisons(dateTime ?? {}).filter(({ isRange }) => isRange);
  const stringTest = ofString(string ?? {});
  const numberTest = ofNumber(numbers ?? {});
  return [
    ...(stringTest ? [{ type: 'STRING' as const, sql: () => stringTest }] : []),
    ...(numberTest ? [{ type: 'NUMBER' as const, sql: () => numberTest }] : []),
    ...(ranges.length > 0
      ? [
          {
            type: 'DATE_TIME' as const,
            sql: (now: Date) =>
              Prisma.join(
                ranges.map((range) => range.sql(storedInstant, now)),
                ' AND ',
              ),
          },
        ]
      : []),
  ];
}
