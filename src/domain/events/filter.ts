import { Prisma } from '../../db/generated/client.ts';
import type { AttributeFilter, ValueFilter } from '../filter/input.ts';
import { type RowTest, testsOfPart } from '../filter/row-tests.ts';
import { attributeOf, valueComparisons } from '../filter/values.ts';
import type { Attributes, AttributeValue } from '../shared/attributes.ts';
import type { Instant } from '../shared/instant.ts';

/** The data of an event that a filter can refer to. */
export interface EventFacts {
  name: string;
  value: AttributeValue | null;
  properties: Attributes;
  timestamp: Instant;
}

/** A test of an event. */
export type EventTest = RowTest<EventFacts>;

/** Conditions on what an event contains. */
interface ContentFilter {
  value?: ValueFilter | null | undefined;
  properties?: readonly AttributeFilter[] | null | undefined;
}

/** The tests on the value and the properties of an event. */
export function contentTests({ value, properties }: ContentFilter): EventTest[] {
  return [
    ...testsOfPart(valueComparisons(value ?? {}), {
      name: 'value',
      sql: Prisma.sql`events.value`,
      of: (event: EventFacts) => event.value,
    }),
    ...(properties ?? []).flatMap(({ key, ...tests }) =>
      testsOfPart(valueComparisons(tests), {
        name: key,
        sql: Prisma.sql`(events.properties->${key}::text)`,
        of: (event: EventFacts) => attributeOf(event.properties, key),
      }),
    ),
  ];
}
