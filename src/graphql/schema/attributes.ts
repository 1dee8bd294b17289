import { z } from 'zod';
import { declareAttribute, undeclareAttribute } from '../../domain/attributes/declare.ts';
import { type DeclaredAttribute, newDeclaration, readDeclarations } from '../../domain/attributes/declared.ts';
import { attributeKey } from '../../domain/shared/attributes.ts';
import {
  AttributeDeclaredError,
  NotFoundError,
  TooManyAttributesError,
  ValidationError,
} from '../../domain/shared/errors.ts';
import { attributeLimits, MAX_DECLARED_ATTRIBUTES } from '../../domain/shared/limits.ts';
import { AttributeTypeEnum } from './attribute-type.ts';
import { builder } from './builder.ts';

// Declaring requires `users:write`: it changes how attributes of users are stored, and each write to users pays for it. It requires
// `users:read` as well, as reading does: the keys and the number of users are data of users, and the results reveal them.

const KEY = `The key of the attribute: 1 to ${attributeLimits.keyLength} characters. Keys distinguish case.`;

const DeclaredAttributeType = builder.objectRef<DeclaredAttribute>('DeclaredAttribute').implement({
  description: 'An indexed attribute of users: ranges in filters are fast, and users can be sorted by it.',
  requiresScopes: ['users:read'],
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key of the attribute.' }),
    type: t.expose('type', { type: AttributeTypeEnum, description: 'The type of the indexed values.' }),
    isReady: t.boolean({
      description:
        'Whether all existing values are indexed. Until then, filters use no index, and users cannot be sorted by it.',
      resolve: ({ readyAt }) => readyAt !== null,
    }),
    readyAt: t.expose('readyAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the values of all users were stored. Null until then.',
    }),
    usersRead: t.exposeInt('usersRead', {
      description:
        'The number of users whose values have been stored so far, of those who existed when it was declared.',
    }),
    declaredAt: t.expose('declaredAt', { type: 'DateTime', description: 'When the attribute was declared.' }),
  }),
});

builder.queryField('declaredAttributes', (t) =>
  t.field({
    type: [DeclaredAttributeType],
    description: `Returns the declared attributes of the workspace, oldest first; at most ${MAX_DECLARED_ATTRIBUTES}.`,
    requiresScopes: ['users:read'],
    resolve: (_root, _args, { reads, viewer }) => readDeclarations(reads, viewer.workspaceId),
  }),
);

const DeclareAttributeInput = builder
  .inputType('DeclareAttributeInput', {
    description: 'The attribute to declare.',
    fields: (t) => ({
      key: t.string({ required: true, description: KEY }),
      type: t.field({ type: AttributeTypeEnum, required: true, description: 'The type of its values.' }),
    }),
  })
  .validate(newDeclaration);

const DeclareAttributePayload = builder
  .objectRef<{ attribute: DeclaredAttribute }>('DeclareAttributePayload')
  .implement({
    description: 'The attribute is declared.',
    fields: (t) => ({
      attribute: t.expose('attribute', { type: DeclaredAttributeType, description: 'The declaration.' }),
    }),
  });

builder.mutationField('declareAttribute', (t) =>
  t.field({
    type: DeclareAttributePayload,
    description: `Declares an attribute of users, so that indexes serve ranges in filters and orders. Returns at once; the values of existing users
are stored in the background (\`isReady\`). A workspace can declare at most ${MAX_DECLARED_ATTRIBUTES} attributes; each slows down writes that
change its value. Declaring an attribute again with the same type changes nothing.`,
    requiresScopes: ['users:write', 'users:read'],
    errors: {
      types: [ValidationError, AttributeDeclaredError, TooManyAttributesError],
      union: {
        description:
          'The result of `declareAttribute`: the declaration, or the reason why the attribute was not declared.',
      },
    },
    args: { input: t.arg({ type: DeclareAttributeInput, required: true, description: 'The attribute to declare.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ attribute: await declareAttribute(db, viewer, input) }),
  }),
);

const UndeclareAttributeInput = builder
  .inputType('UndeclareAttributeInput', {
    description: 'The attribute to undeclare.',
    fields: (t) => ({ key: t.string({ required: true, description: KEY }) }),
  })
  .validate(z.object({ key: attributeKey }));

const UndeclareAttributePayload = builder.objectRef<{ key: string }>('UndeclareAttributePayload').implement({
  description: 'The attribute is no longer declared.',
  fields: (t) => ({ key: t.exposeString('key', { description: 'The key of the attribute.' }) }),
});

builder.mutationField('undeclareAttribute', (t) =>
  t.field({
    type: UndeclareAttributePayload,
    description: `Withdraws the declaration of an attribute; the attributes of users stay unchanged. Returns \`NotFoundError\` if it is not
declared.`,
    requiresScopes: ['users:write', 'users:read'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: {
        description: 'The result of `undeclareAttribute`: the deleted key, or an error.',
      },
    },
    args: {
      input: t.arg({ type: UndeclareAttributeInput, required: true, description: 'The attribute to undeclare.' }),
    },
    resolve: (_root, { input }, { db, viewer }) => undeclareAttribute(db, viewer, input.key),
  }),
);
