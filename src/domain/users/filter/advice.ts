import type { IndexName } from '../../../db/indexes/catalogue.ts';
import type { AttributeType } from '../../attributes/declared.ts';
import type { AttributeFilter, StringFilter } from '../../filter/input.ts';
import { storedTests } from '../../filter/stored-values.ts';
import type { EventCondition, UserFilter } from './input.ts';

const typeNames: Record<AttributeType, string> = { NUMBER: 'a number', STRING: 'a string', DATE_TIME: 'a date-time' };

const createIndex = (name: IndexName) => `let the operator of the gateway create the optional index ${name}`;

const comparesParts = (filter: StringFilter | null | undefined) =>
  filter != null && (filter.contains != null || filter.endsWith != null);

function onAttribute({ key, ...tests }: AttributeFilter): string[] {
  const name = JSON.stringify(key);
  return [
    ...storedTests(tests).map(
      ({ type }) => `declare the attribute ${name} as ${typeNames[type]}, unless it is declared`,
    ),
    ...(comparesParts(tests.string) ? [createIndex('attribute-text')] : []),
  ];
}

function onEvents({ within, since, properties }: EventCondition): string[] {
  return [
    ...(within == null && since == null ? ['give conditions on events a time window'] : []),
    ...(properties?.length ? [createIndex('event-properties')] : []),
  ];
}

/** What would help a filter that takes too long, in the imperative. */
export function adviceOn(filter: UserFilter): string[] {
  const { uid, email, number, firstName, lastName, updatedAt, meta, events } = filter;
  const nested = [...(filter.and ?? []), ...(filter.or ?? []), ...(filter.not == null ? [] : [filter.not])];
  const advice = [
    ...(meta ?? []).flatMap(onAttribute),
    ...([uid, email, number, firstName, lastName].some(comparesParts) ? [createIndex('field-text')] : []),
    ...(updatedAt == null ? [] : [createIndex('updated-at')]),
    ...(events ?? []).flatMap(onEvents),
    ...nested.flatMap(adviceOn),
  ];
  return [...new Set(advice)];
}
