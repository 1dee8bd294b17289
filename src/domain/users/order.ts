import { z } from 'zod';
import { Prisma } from '../../db/generated/client.ts';
import type { Sort, SortKey } from '../../db/reading/ordered/sort.ts';
import { type AttributeType, attributeType, type DeclaredAttribute } from '../attributes/declared.ts';
import { sqlText } from '../filter/texts.ts';
import { attributeKey } from '../shared/attributes.ts';
import { ValidationError } from '../shared/errors.ts';
import type { Scope } from '../shared/scopes.ts';
import { notNull } from '../shared/validation.ts';

const foldedSql = (column: Prisma.Sql) => sqlText(column).folded;

/** The time of a user's last event. */
const lastEventAt = (workspaceId: string): SortKey => ({
  value: Prisma.sql`user_activity.last_event_at`,
  type: 'timestamptz',
  nulls: 'last',
  from: {
    table: Prisma.sql`user_activity`,
    where: Prisma.sql`user_activity.workspace_id = ${workspaceId}::uuid`,
    rowId: Prisma.sql`user_activity.user_id`,
    isComplete: true,
  },
});

/** The fields by which users can be sorted. `nulls` is set where a user can lack the value. */
const fieldKeys = {
  CREATED_AT: { value: Prisma.sql`users.created_at`, type: 'timestamptz' },
  UPDATED_AT: { value: Prisma.sql`users.updated_at`, type: 'timestamptz' },
  UID: { value: foldedSql(Prisma.sql`users.uid`), type: 'text' },
  EMAIL: { value: foldedSql(Prisma.sql`users.email`), type: 'text', nulls: 'last' },
  FIRST_NAME: { value: foldedSql(Prisma.sql`users.first_name`), type: 'text', nulls: 'last' },
  LAST_NAME: { value: foldedSql(Prisma.sql`users.last_name`), type: 'text', nulls: 'last' },
  LAST_EVENT_AT: lastEventAt,
} as const satisfies Record<string, SortKey | ((workspaceId: string) => SortKey)>;

/** The names of the fields by which users can be sorted. */
export const userOrderFields = Object.keys(fieldKeys) as [keyof typeof fieldKeys];

/** The scopes that orders require in addition to `users:read`: an order reveals what it compares. */
export const orderScopes = { LAST_EVENT_AT: 'events:read' } as const;

/** The stored values of declared attributes: a user without a value of the type has no row. */
const storedText = { value: Prisma.sql`attribute_values.text_value`, type: 'text', nulls: 'last' } as const;
const storedKeys: Record<AttributeType, SortKey> = {
  STRING: storedText,
  DATE_TIME: storedText,
  NUMBER: { value: Prisma.sql`attribute_values.number_value`, type: 'numeric', nulls: 'last' },
};

const attributeOrder = z
  .strictObject({ key: attributeKey, type: attributeType })
  .meta({ id: 'AttributeOrder', description: 'A declared attribute by which users are sorted.' });

/**
 * The order of users. Users with the same value are sorted by id, in the same direction. `direction` and `nulls` apply to `field` and
 * `attribute` alike, so GraphQL's `@oneOf` would need an object for these two alone.
 */
export const userOrder = z
  .strictObject({
    field: notNull(z.enum(userOrderFields)),
    attribute: notNull(attributeOrder),
    direction: z.enum(['ASC', 'DESC']).nullish(),
    /** Where users without a value come; last by default. */
    nulls: z.enum(['FIRST', 'LAST']).nullish(),
  })
  .superRefine(({ field, attribute }, context) => {
    const add = (code: string, message: string) => context.addIssue({ code: 'custom', params: { code }, message });
    if (field === undefined && attribute === undefined) add('REQUIRED', 'must have a field or an attribute');
    if (field != null && attribute != null) add('CONTRADICTION', 'must have either a field or an attribute, not both');
  })
  .meta({
    id: 'UserOrder',
    description:
      'The order of users, by a field or by an attribute. Users with the same value are sorted by id, in the same direction.',
  });

type AttributeOrder = z.input<typeof attributeOrder>;
export type UserOrder = z.input<typeof userOrder>;

/** The scope that an order requires in addition to `users:read`, if any. */
export function scopeOfOrder({ field }: UserOrder): Scope | undefined {
  return field != null && field in orderScopes ? orderScopes[field as keyof typeof orderScopes] : undefined;
}

/** The order in SQL, as far as it is known without the declarations of attributes. */
export function sortOf(workspaceId: string, order: UserOrder | null | undefined): Sort {
  if (!order) return { direction: 'desc' };
  const { field, attribute } = order;
  const direction = order.direction === 'DESC' ? 'desc' : 'asc';
  const sortKey = attribute ? storedKeys[attribute.type] : field ? fieldKeys[field] : undefined;
  if (!sortKey) return { direction };
  const key: SortKey = typeof sortKey === 'function' ? sortKey(workspaceId) : sortKey;
  return { direction, key: key.nulls ? { ...key, nulls: order.nulls === 'FIRST' ? 'first' : 'last' } : key };
}

/**
 * The order by an attribute, with the table that has its values.
 * @throws {ValidationError} if the attribute is not declared with the type, or not ready.
 */
export function sortByAttribute(
  workspaceId: string,
  order: UserOrder,
  attribute: AttributeOrder,
  declarations: readonly DeclaredAttribute[],
): Sort {
  const { number } = sortableAttribute(attribute, declarations);
  const { direction, key } = sortOf(workspaceId, order);
  if (!key) throw new Error('An order by an attribute has a key.');
  return {
    direction,
    key: {
      ...key,
      from: {
        table: Prisma.sql`attribute_values`,
        // The last condition is that of the partial index.
        where: Prisma.sql`attribute_values.workspace_id = ${workspaceId}::uuid
          AND attribute_values.attribute = ${number}::smallint AND ${key.value} IS NOT NULL`,
        rowId: Prisma.sql`attribute_values.user_id`,
      },
    },
  };
}

function sortableAttribute(
  { key, type }: AttributeOrder,
  declarations: readonly DeclaredAttribute[],
): DeclaredAttribute {
  const declared = declarations.find((each) => each.key === key);
  if (!declared) {
    throw orderError('ATTRIBUTE_NOT_DECLARED', 'is not declared; users can be sorted by declared attributes only');
  }
  if (declared.type !== type) throw orderError('ATTRIBUTE_TYPE_MISMATCH', 'is declared with another type');
  if (declared.readyAt === null) {
    throw orderError('ATTRIBUTE_NOT_READY', `is still being indexed (${declared.usersRead} users so far); retry later`);
  }
  return declared;
}

const orderError = (code: string, message: string) =>
  new ValidationError([{ path: ['orderBy', 'attribute'], code, message }]);
