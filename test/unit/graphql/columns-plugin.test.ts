import SchemaBuilder from '@pothos/core';
import { getNamedType } from 'graphql';
import { expect, it } from 'vitest';
import { userColumns } from '../../../src/domain/users/user.ts';
import type { UserRow } from '../../../src/graphql/loaders/partial-rows.ts';
import ColumnsPlugin, { columns, fromColumns } from '../../../src/graphql/schema/columns-plugin.ts';
import { schemaFields } from '../../kit/walk-schema.ts';

/** Builds a schema whose type `User` has the given fields. */
function build(define: (builder: ReturnType<typeof createBuilder>['builder']) => void) {
  const { builder } = createBuilder();
  define(builder);
  return builder.toSchema();
}

function createBuilder() {
  const builder = new SchemaBuilder<{ DefaultFieldNullability: false }>({
    plugins: [ColumnsPlugin],
    defaultFieldNullability: false,
  });
  builder.queryType({ fields: (t) => ({ ok: t.boolean({ resolve: () => true }) }) });
  return { builder };
}

const row = { columns: userColumns, file: 'src/domain/users/user.ts' };

it('collects the columns that fields expose or name', () => {
  const schema = build((builder) =>
    builder.objectRef<UserRow>('User').implement({
      row,
      fields: (t) => ({
        mail: columns(t).exposeString('email', { nullable: true }),
        fullName: t.string({
          resolve: fromColumns(['firstName', 'lastName'], ({ firstName, lastName }) => `${firstName} ${lastName}`),
        }),
      }),
    }),
  );
  expect(schema.getType('User')).toMatchObject({
    _fields: {
      mail: { extensions: { columns: ['email'] } },
      fullName: { extensions: { columns: ['firstName', 'lastName'] } },
    },
  });
});

it('makes it a type error to read a column that the field does not declare', () => {
  build((builder) =>
    builder.objectRef<UserRow>('User').implement({
      row,
      fields: (t) => ({
        // @ts-expect-error -- without a declaration, no column but the id and the uid can be read
        mail: t.string({ extensions: { columns: ['email'] }, resolve: ({ email }) => email }),
        // @ts-expect-error -- email is not declared
        mailOfName: t.string({ resolve: fromColumns(['firstName'], ({ email }) => email) }),
      }),
    }),
  );
});

it('rejects a field that declares no columns', () => {
  const define = () =>
    build((builder) =>
      builder
        .objectRef<UserRow>('User')
        .implement({ row, fields: (t) => ({ nickname: t.string({ resolve: () => '' }) }) }),
    );
  expect(define).toThrow(
    'User.nickname declares no columns. Where it is defined in src/graphql/schema, expose a column with columns(t), or wrap its resolver in fromColumns([...]).',
  );
});

it('rejects a field that declares an unknown column', () => {
  const define = () =>
    build((builder) =>
      builder.objectRef<UserRow>('User').implement({
        row,
        fields: (t) => ({ nickname: t.string({ extensions: { columns: ['nickname'] }, resolve: () => '' }) }),
      }),
    );
  expect(define).toThrow(
    'User.nickname reads the column nickname, which does not exist. Add it in src/domain/users/user.ts.',
  );
});

/** The types whose rows are read in part. */
const partialTypes = [...new Set(schemaFields.map(({ type }) => type))].filter(({ extensions }) => extensions.row);

it('covers every type of a node of a connection, and devices', () => {
  const nodes = schemaFields.filter(({ field, type }) => field.name === 'node' && type.name.endsWith('Edge'));
  const names = nodes.map(({ field }) => getNamedType(field.type).name);
  expect(partialTypes.map(({ name }) => name).toSorted()).toEqual(
    [...new Set([...names, 'Device', 'ListMemberEdge'])].toSorted(),
  );
});

it.each(schemaFields.filter(({ type }) => partialTypes.includes(type)))(
  '$coordinate declares existing columns',
  ({ type, field }) => {
    const existing = Object.keys(type.extensions.row?.columns.expressions ?? {});
    expect(existing).toEqual(expect.arrayContaining([...(field.extensions.columns ?? ['a declaration'])]));
  },
);
