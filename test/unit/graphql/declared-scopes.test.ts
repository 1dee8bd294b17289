import { getNamedType } from 'graphql';
import { expect, it } from 'vitest';
import { schemaFields } from '../../kit/walk-schema.ts';

/**
 * Fields that every caller can read: they hold only what callers sent or own, or their scopes depend on the arguments. The
 * scopes of the other fields are compared with the last release by `scripts/schema-check.ts`.
 */
const OPEN_FIELDS = [
  'Query.viewer',
  'Query.node',
  'Query.nodes',
  'User.id',
  'User.uid',
  'List.id',
  'Segment.id',
  'Event.id',
];

/** Types without data of their own: the fields that lead to them, and the fields of what they wrap, declare scopes. */
const WRAPPERS = /^(PageInfo|Viewer|ValidationIssue|\w+Connection|\w+Edge|\w+Payload|\w+Error|_Service)$/;

const fields = schemaFields.filter(({ type }) => !WRAPPERS.test(type.name));

it.each(fields.filter(({ coordinate }) => !OPEN_FIELDS.includes(coordinate)))(
  '$coordinate requires a scope',
  ({ coordinate, scopes }) => {
    const advice = `${coordinate} declares no scope. Add requiresScopes to the field or its type in src/graphql/schema. If every caller can read it, add it to OPEN_FIELDS in test/unit/graphql/declared-scopes.test.ts.`;
    expect(scopes.length, advice).toBeGreaterThan(0);
  },
);

it.each(OPEN_FIELDS)('%s exists and requires no scope', (coordinate) => {
  const field = fields.find((field) => field.coordinate === coordinate);
  const advice = `${coordinate} is listed in OPEN_FIELDS in test/unit/graphql/declared-scopes.test.ts, but it does not exist or declares scopes.`;
  expect(field?.scopes, advice).toEqual([]);
});

it('requires the scopes of users and of introspection for the fields of a federation subgraph', () => {
  const scopesOf = (coordinate: string) => fields.find((field) => field.coordinate === coordinate)?.scopes;
  expect(scopesOf('Query._entities')).toEqual(['users:read']);
  expect(scopesOf('Query._service')).toEqual(['schema:read']);
});

it.each(schemaFields.filter(({ field }) => getNamedType(field.type).name.endsWith('Connection')))(
  '$coordinate, a connection, requires a scope',
  ({ coordinate, scopes }) => {
    const advice = `${coordinate} declares no scope. Add requiresScopes to the field in src/graphql/schema: connections and edges declare none.`;
    expect(scopes.length, advice).toBeGreaterThan(0);
  },
);

it.each(schemaFields)('$coordinate names in its description the scopes that it declares, and no others', (declared) => {
  const { description } = declared.field;
  const sentences = description?.match(/\bRequires `[^.]*\./g) ?? [];
  const scopes = new Intl.ListFormat('en').format(declared.scopes.map((scope) => `\`${scope}\``));
  const advice = `The plugin adds the sentence to ${declared.coordinate}. Remove it from the description in src/graphql/schema.`;
  expect(sentences, advice).toEqual(scopes === '' ? [] : [`Requires ${scopes}.`]);
  expect(description?.endsWith(scopes === '' ? '' : `\nRequires ${scopes}.`)).toBe(true);
});
