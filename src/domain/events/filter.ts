import { Prisma } from '../../db/generated/client.ts';
import { type AvailableIndexes, standardIndexes } from '../../db/indexes/catalogue.ts';
import { hasTokens } from '../filter/indexed.ts';
import type { AttributeFilter, ValueFilter } from '../filter/input.ts';
import { type RowTest, testsOfPart } from '../filter/row-tests.ts';
import {
  attributeOf,
  nameOfKey,
  sqlAttribute,
  sqlValue,
  type ValueComparison,
  valueComparisons,
} from '../filter/values.ts';
import type { Attributes, AttributeValue } from '../shared/attributes.ts';

/** The data of an event that a filter can refer to. */
export interface EventFacts {
  name: string;
  value: AttributeValue | null;
  properties: Attributes;
  /** In ms since 1970. */
  timestamp: number;
}

/** A test of an event. */
export type EventTest = RowTest<EventFacts>;

/** Conditions on what an event contains. */
interface ContentFilter {
  value?: ValueFilter | null | undefined;
  properties?: readonly AttributeFilter[] | null | undefined;
}

/**
 * The tests on the value and the properties of an event.
 * @param indexes those of a migrated database, if omitted.
 */
export function contentTests(
  { value, properties }: ContentFilter,
  indexes: AvailableIndexes = standardIndexes,
): EventTest[] {
  return [
    ...testsOfPart(valueComparisons(value ?? {}), {
      name: 'value',
      sql: sqlValue(Prisma.sql`events.value`),
      of: (event: EventFacts) => event.value,
    }),
    ...(properties ?? []).flatMap(({ key, ...tests }) =>
      testsOfPart(valueComparisons(tests), {
        name: nameOfKey(key),
        sql: sqlAttribute(Prisma.sql`events.properties`, key),
        of: (event: EventFacts) => attributeOf(event.properties, key),
        indexed: (comparison: ValueComparison) =>
          indexes.has('event-properties') ? propertiesIndexed(key, comparison) : undefined,
      }),
    ),
  ];
}

/** SQL of a condition that a comparison of a property implies and that the index `event-properties` serves. */
function propertiesIndexed(key: string, comparison: ValueComparison): Prisma.Sql | undefined {
  const tokens = hasTokens(Prisma.sql`events.properties`, key, comparison);
  return tokens && Prisma.sql`(events.properties <> '{}'::jsonb AND ${tokens})`;
}
