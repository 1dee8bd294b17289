import { MAX_STORED_TEXT_LENGTH } from '../../domain/shared/limits.ts';
import { orderScopes } from '../../domain/users/order.ts';
import { AttributeTypeEnum } from './attribute-type.ts';
import { builder } from './builder.ts';

const UserOrderField = builder.enumType('UserOrderField', {
  description: 'What users can be sorted by. Texts are sorted without differences of case, by Unicode code point.',
  values: {
    CREATED_AT: { description: 'When the user signed up in your application.' },
    UPDATED_AT: {
      description: 'When the user was last changed. A user who changes while you page moves, and can be read twice.',
    },
    UID: { description: "The user's identifier in your application." },
    EMAIL: { description: "The user's e-mail address." },
    FIRST_NAME: { description: "The user's first name." },
    LAST_NAME: { description: "The user's last name." },
    LAST_EVENT_AT: {
      description: "When the user's last event happened. Users without events have no value.",
      requiresScopes: [orderScopes.LAST_EVENT_AT],
    },
  } as const,
});

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'The direction of an order.',
  values: {
    ASC: { description: 'From the smallest to the greatest value.' },
    DESC: { description: 'From the greatest to the smallest value.' },
  } as const,
});

const NullsOrder = builder.enumType('NullsOrder', {
  description: 'Position of users without a value.',
  values: {
    FIRST: { description: 'Before all others.' },
    LAST: { description: 'After all others.' },
  } as const,
});

const AttributeOrder = builder.inputType('AttributeOrder', {
  description: `A declared attribute (\`declareAttribute\`) to sort by. Users without it, or whose value has another type, are placed according
to \`nulls\`. STRING values are sorted by their first ${MAX_STORED_TEXT_LENGTH} characters.`,
  fields: (t) => ({
    key: t.string({ required: true, description: 'The key of the attribute.' }),
    type: t.field({ type: AttributeTypeEnum, required: true, description: 'The type with which it is declared.' }),
  }),
});

export const UserOrderInput = builder.inputType('UserOrder', {
  description: `The order of users: by exactly one of \`field\` and \`attribute\`. Users with the same value are sorted by \`id\`, in the same
direction.`,
  fields: (t) => ({
    field: t.field({ type: UserOrderField, description: 'The field by which users are sorted.' }),
    attribute: t.field({
      type: AttributeOrder,
      description: `The attribute by which users are sorted. It has to be declared with the type, and ready; otherwise, the issue of the error
has the code \`ATTRIBUTE_NOT_DECLARED\`, \`ATTRIBUTE_TYPE_MISMATCH\` or \`ATTRIBUTE_NOT_READY\`.`,
    }),
    direction: t.field({ type: OrderDirection, description: 'Defaults to `ASC`.' }),
    nulls: t.field({ type: NullsOrder, description: 'Position of users without a value. Defaults to `LAST`.' }),
  }),
});
