import type {
  AttributeFilter,
  BooleanFilter,
  DateTimeFilter,
  NumberFilter,
  StringFilter,
} from '../../../src/domain/filter/input.ts';
import type {
  CountFilter,
  DeviceCondition,
  EventCondition,
  ListCondition,
  SegmentCondition,
  UserFilter,
} from '../../../src/domain/users/filter/input.ts';
import type { Choices } from '../choices.ts';
import { eventNames, instants, keys, listIds, numbers, platforms, segmentIds, texts } from './people.ts';

/** A filter as a client sends it, with instants as dates. */
type Input = Record<string, unknown>;

/** How to generate each field of a type. */
type Parts<Type> = Readonly<Record<keyof Type, () => unknown>>;

const durations = ['PT1M', 'P1D', 'P30D', 'P52W', 'P1DT12H', 'P3650D'];

type Conditions = Omit<UserFilter, 'and' | 'or' | 'not'>;

/**
 * Generates filters with every operator over the values that `somebody` has, so that each holds for some users and not for
 * others.
 * @param keyOf if set, filters consist of conditions on attributes, and this chooses the key for some conditions.
 */
export function filterGenerator({ below, percent, of }: Choices, keyOf?: (conditions: Input) => string) {
  /** An object with some of the parts: in 95 % of cases, at least one. */
  function some<Type>(parts: Parts<Type>, chance = 100 / Object.keys(parts).length): Input {
    const entries = Object.entries<() => unknown>(parts);
    const chosen = entries.filter(() => percent(chance));
    const picked = chosen.length > 0 || percent(5) ? chosen : [of(entries)];
    return Object.fromEntries(picked.map(([name, make]) => [name, make()]));
  }
  const several = <Value>(make: () => Value) => Array.from({ length: below(4) }, make);
  const flag = () => percent(50);
  const date = () => new Date(of(instants));
  const duration = () => of(durations);

  const text = () => {
    const whole = of([...texts, 'Africa/Lagos', '3.1.0', 'a@b', '+2348012345678', 'u7']);
    return percent(50)
      ? whole
      : whole
          .slice(below(2), 1 + below(3))
          .toWellFormed()
          .replaceAll('\ufffd', '');
  };
  const stringFilter = (operand = text) => ({
    ...some<Omit<StringFilter, 'caseSensitive'>>({
      eq: operand,
      ne: operand,
      in: () => several(operand),
      notIn: () => several(operand),
      contains: operand,
      startsWith: operand,
      endsWith: operand,
      isNull: flag,
    }),
    ...(percent(40) ? { caseSensitive: flag() } : {}),
  });
  const number = () => of(numbers);
  const numberFilter = () =>
    some<NumberFilter>({
      eq: number,
      ne: number,
      in: () => several(number),
      notIn: () => several(number),
      lt: number,
      lte: number,
      gt: number,
      gte: number,
    });
  const booleanFilter = () => some<BooleanFilter>({ eq: flag, isNull: flag });
  const dateTimeFilter = () =>
    some<DateTimeFilter>({
      eq: date,
      ne: date,
      lt: date,
      lte: date,
      gt: date,
      gte: date,
      isNull: flag,
      within: duration,
      before: duration,
    });
  const count = () => below(4);
  const countFilter = () => some<CountFilter>({ eq: count, lt: count, lte: count, gt: count, gte: count });
  const valueFilter = () =>
    some<Omit<AttributeFilter, 'key'>>({
      string: stringFilter,
      number: numberFilter,
      boolean: booleanFilter,
      dateTime: dateTimeFilter,
      exists: flag,
    });
  const attributeFilter = () => {
    const conditions = valueFilter();
    return { key: keyOf?.(conditions) ?? of(keys), ...conditions };
  };

  const someOrNone = (condition: () => Input) =>
    some<NonNullable<UserFilter['devices']>>({ some: condition, none: condition });
  const device = () => some<DeviceCondition>({ platform: () => of(platforms), lastSeenAt: dateTimeFilter });
  const list = () =>
    some<ListCondition>({ listIds: () => several(() => of(listIds)), subscribed: flag, joinedAt: dateTimeFilter });
  const segment = () => some<SegmentCondition>({ segmentIds: () => several(() => of(segmentIds)), suppressed: flag });
  const event = () => ({
    name: stringFilter(() => (percent(80) ? of(eventNames) : text())),
    ...some<Omit<EventCondition, 'name'>>(
      {
        count: countFilter,
        within: duration,
        since: date,
        until: date,
        value: valueFilter,
        properties: () => several(attributeFilter),
      },
      20,
    ),
  });

  const all: Parts<Conditions> = {
    uid: stringFilter,
    email: stringFilter,
    number: stringFilter,
    firstName: stringFilter,
    lastName: stringFilter,
    isAccount: booleanFilter,
    uidUpdateable: booleanFilter,
    timeZone: stringFilter,
    appVersion: stringFilter,
    appBuild: stringFilter,
    appLastActiveAt: dateTimeFilter,
    createdAt: dateTimeFilter,
    updatedAt: dateTimeFilter,
    meta: () => several(attributeFilter),
    devices: () => someOrNone(device),
    lists: () => someOrNone(list),
    segments: () => someOrNone(segment),
    events: () => several(event),
  };

  const conditions = keyOf ? { meta: () => [attributeFilter()] } : all;

  /** A filter, nested at most to this depth. */
  return function filter(depth: number): Input {
    if (depth === 0) return some(conditions, 6);
    const nested = () => filter(depth - 1);
    return some({ and: () => several(nested), or: () => several(nested), not: nested, ...conditions }, 8);
  };
}
