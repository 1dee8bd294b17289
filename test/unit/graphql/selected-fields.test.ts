import {
  buildSchema,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  isObjectType,
  Kind,
  parse,
} from 'graphql';
import { expect, it } from 'vitest';
import { selectionOf, union } from '../../../src/graphql/loaders/selected-fields.ts';

/** Each leaf field of `User` declares a column of its own name; `owner` declares `ownerId`. */
function createSchema(): GraphQLSchema {
  const schema = buildSchema(`
    interface Node { id: ID! }
    type User implements Node { id: ID! email: String owner: User devices: [Device!]! }
    type List implements Node { id: ID! title: String }
    type Device { token: String }
    type UserEdge { cursor: String subscribed: Boolean node: User! }
    type UserConnection { edges: [UserEdge!]! nodes: [User!]! pageInfo: String totalCount: Int }
    type Query { user: User users: UserConnection node: Node }
  `);
  const extend = (coordinate: string, extensions: object) => {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = schema.getType(typeName);
    Object.assign((isObjectType(type) && type.getFields()[fieldName]) || {}, { extensions });
  };
  for (const name of ['id', 'email']) extend(`User.${name}`, { columns: [name] });
  extend('User.owner', { columns: ['ownerId'] });
  extend('User.devices', { columns: ['id'] });
  extend('List.title', { columns: ['title'] });
  extend('Device.token', { columns: ['token'] });
  extend('UserEdge.subscribed', { columns: ['subscribed'] });
  for (const field of ['UserEdge.node', 'UserConnection.edges', 'UserConnection.nodes'])
    extend(field, { passesRows: true });
  return schema;
}

const schema = createSchema();

/** The `info` that a resolver of the document's root fields receives. */
function infoOf(text: string) {
  const { definitions } = parse(text);
  const fragments: Record<string, FragmentDefinitionNode> = {};
  const fieldNodes: FieldNode[] = [];
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    fieldNodes.push(...definition.selectionSet.selections.filter((selection) => selection.kind === Kind.FIELD));
  }
  const field = schema.getQueryType()?.getFields()[fieldNodes[0]?.name.value ?? ''];
  if (!field) throw new Error(`No root field in ${text}.`);
  return { fieldNodes, fragments, schema, returnType: field.type };
}

it.each([
  ['{ user }', []],
  ['{ user { __typename } }', []],
  ['{ user { email } }', ['email']],
  ['{ user { alias: email } }', ['email']],
  ['{ user { email @skip(if: true) } }', ['email']],
  ['{ user { owner { email } } }', ['ownerId']],
  ['{ user { devices { token } } }', ['id']],
  ['{ user { ... { ... on User { email } } } }', ['email']],
  ['{ user { ... on Node { id } } }', ['id']],
  ['{ user { ...f email } } fragment f on User { ...g } fragment g on User { id }', ['id', 'email']],
  ['{ user { ...f } } fragment f on User { email ...f }', ['email']],
  ['{ user { ...none } }', []],
  ['{ user { email } user { id } }', ['email', 'id']],
  ['{ users { pageInfo totalCount } }', []],
  ['{ users { nodes { email } } }', ['email']],
  [
    '{ users { edges { cursor subscribed node { ...f } } } } fragment f on User { id email }',
    ['subscribed', 'id', 'email'],
  ],
  ['{ users { nodes { ...f } edges { node { ...f } } } } fragment f on User { owner { email } }', ['ownerId']],
])('%s selects the columns %j', (text, columns) => {
  const info = infoOf(text);
  expect([...selectionOf(info).columns]).toEqual(columns);
  expect([...selectionOf(info).columns]).toEqual(columns);
});

it('selects the columns of one type of an interface', () => {
  const info = infoOf(
    '{ node { ... on User { email } ... on List { title } ... on Node { ... on User { owner { id } } } } }',
  );
  expect([...selectionOf(info, 'User').columns]).toEqual(['email', 'ownerId']);
  expect([...selectionOf(info, 'List').columns]).toEqual(['title']);
});

it.each([
  ['{ users { nodes { email } } }', ['nodes']],
  ['{ users { pageInfo ... { count: totalCount } } }', ['pageInfo', 'totalCount']],
])('%s selects the fields %j of the connection', (text, fields) => {
  expect([...selectionOf(infoOf(text)).fields]).toEqual(fields);
});

it('caches the selection of a field, and returns a single set as it is', () => {
  const info = infoOf('{ user { email } }');
  expect(selectionOf(info)).toBe(selectionOf({ ...info }));
  const names = new Set(['email']);
  expect(union(new Set([names]))).toBe(names);
  expect([...union(new Set())]).toEqual([]);
});
