import { fold } from '../../../src/domain/filter/texts.ts';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import { type UserOrder, userOrderFields } from '../../../src/domain/users/query.ts';
import type { Choices } from '../choices.ts';

/** A random order. */
export const someOrder = ({ of }: Choices): UserOrder => ({
  field: of(userOrderFields),
  direction: of(['ASC', 'DESC', undefined]),
  nulls: of(['FIRST', 'LAST', undefined]),
});

const sortValueOf: Record<UserOrder['field'], (facts: UserFacts) => string | null> = {
  CREATED_AT: ({ user }) => user.createdAt,
  UPDATED_AT: ({ user }) => user.updatedAt,
  UID: ({ user }) => fold(user.uid),
  EMAIL: ({ user }) => user.email && fold(user.email),
  FIRST_NAME: ({ user }) => user.firstName && fold(user.firstName),
  LAST_NAME: ({ user }) => user.lastName && fold(user.lastName),
  LAST_EVENT_AT: ({ events }) =>
    events
      .map(({ timestamp }) => timestamp)
      .sort()
      .at(-1) ?? null,
};

/** Compares texts by their bytes in UTF-8, as the collation "C" does. */
const compare = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** Sorts users in memory as an order says; newest first without one. */
export function sortPeople(users: readonly UserFacts[], order: UserOrder | undefined): UserFacts[] {
  const factor = order ? (order.direction === 'DESC' ? -1 : 1) : -1;
  const nullFactor = order?.nulls === 'FIRST' ? -1 : 1;
  const value = order ? sortValueOf[order.field] : () => '';
  return users.toSorted((one, other) => {
    const [first, second] = [value(one), value(other)];
    if ((first === null) !== (second === null)) return first === null ? nullFactor : -nullFactor;
    return factor * (compare(first ?? '', second ?? '') || compare(one.user.id, other.user.id));
  });
}
