import type { AttributeType } from '../../../src/domain/attributes/declared.ts';
import { toOrderedInstant } from '../../../src/domain/filter/instants.ts';
import { fold } from '../../../src/domain/filter/texts.ts';
import { attributeOf } from '../../../src/domain/filter/values.ts';
import { MAX_STORED_TEXT_LENGTH } from '../../../src/domain/shared/limits.ts';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import { type UserOrder, userOrderFields } from '../../../src/domain/users/order.ts';
import type { Choices } from '../choices.ts';
import { declaredTypes } from './declared.ts';

const declaredAttributes = Object.entries(declaredTypes).map(([key, type]) => ({ key, type }));

/** A random order, by a field. */
export const someFieldOrder = ({ of }: Choices): UserOrder => ({
  field: of(userOrderFields),
  direction: of(['ASC', 'DESC', undefined]),
  nulls: of(['FIRST', 'LAST', undefined]),
});

/** A random order, by a field or by an attribute that `declareAttributes` has declared. */
export function someOrder(choices: Choices): UserOrder {
  const { field, ...order } = someFieldOrder(choices);
  return choices.percent(40) ? { attribute: choices.of(declaredAttributes), ...order } : { field, ...order };
}

const sortValueOf: Record<(typeof userOrderFields)[number], (facts: UserFacts) => string | null> = {
  CREATED_AT: ({ user }) => user.createdAt,
  UPDATED_AT: ({ user }) => user.updatedAt,
  UID: ({ user }) => fold(user.uid),
  EMAIL: ({ user }) => user.email && fold(user.email),
  FIRST_NAME: ({ user }) => user.firstName && fold(user.firstName),
  LAST_NAME: ({ user }) => user.lastName && fold(user.lastName),
  LAST_EVENT_AT: ({ events }) =>
    events
      .map(({ timestamp }) => new Date(timestamp).toISOString())
      .sort()
      .at(-1) ?? null,
};

type SortValue = string | number | null;

/** The value of a user in an order. */
function sortValue(order: UserOrder | undefined, facts: UserFacts): SortValue {
  if (!order) return '';
  if (order.field) return sortValueOf[order.field](facts);
  return order.attribute ? storedValue(order.attribute, facts) : '';
}

function storedValue({ key, type }: { key: string; type: AttributeType }, { user }: UserFacts): SortValue {
  const value = attributeOf(user.meta, key);
  if (typeof value === 'number') return type === 'NUMBER' ? value : null;
  if (typeof value !== 'string' || type === 'NUMBER') return null;
  if (type === 'DATE_TIME') return toOrderedInstant(value);
  return Array.from(fold(value)).slice(0, MAX_STORED_TEXT_LENGTH).join('');
}

/** Compares numbers, or texts by their bytes in UTF-8, as the collation "C" does. */
const compare = (one: string | number, other: string | number) =>
  typeof one === 'number' && typeof other === 'number'
    ? one - other
    : Buffer.compare(Buffer.from(`${one}`), Buffer.from(`${other}`));

/** Sorts users in memory as an order says; newest first without one. */
export function sortPeople(users: readonly UserFacts[], order: UserOrder | undefined): UserFacts[] {
  const factor = order ? (order.direction === 'DESC' ? -1 : 1) : -1;
  const nullFactor = order?.nulls === 'FIRST' ? -1 : 1;
  return users.toSorted((one, other) => {
    const [first, second] = [sortValue(order, one), sortValue(order, other)];
    if ((first === null) !== (second === null)) return first === null ? nullFactor : -nullFactor;
    return factor * (compare(first ?? '', second ?? '') || compare(one.user.id, other.user.id));
  });
}
