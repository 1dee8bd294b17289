import { readFileSync } from 'node:fs';
import {
  type DocumentNode,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { expect, it } from 'vitest';
import { newUser, userUpdate } from '../../../src/domain/users/inputs.ts';
import { userColumns } from '../../../src/domain/users/user.ts';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { readUser } from '../../kit/both-apis/read-user.ts';
import { WholeUser } from '../../kit/operations/users.ts';

function fieldsOf(typeName: string) {
  const type = servedSchema.getType(typeName);
  if (!isObjectType(type) && !isInputObjectType(type)) throw new Error(`${typeName} has no fields.`);
  return Object.values(type.getFields());
}

it.each([
  ['CreateUserInput', newUser.shape],
  ['UpdateUserInput', userUpdate.shape],
])('%s has the fields of the domain’s input', (input, shape) => {
  const advice = `${input} must have the fields of the zod schema in src/domain/users/inputs.ts. Add the field to ${input} in src/graphql/schema/user-mutations.ts.`;
  const names = fieldsOf(input).map(({ name }) => name);
  expect(names.toSorted(), advice).toEqual(Object.keys(shape).toSorted());
});

it('User has every column of a user', () => {
  const advice = 'User lacks a field. Add it to UserType in src/graphql/schema/users.ts.';
  const names = new Set(fieldsOf('User').map(({ name }) => name));
  const missing = Object.keys(userColumns.expressions).filter((name) => !names.has(name));
  expect(missing, advice).toEqual([]);
});

/** The fields of `User` that a document selects. */
function selectedFields(document: DocumentNode): Set<string> {
  const names = new Set<string>();
  const types = new TypeInfo(servedSchema);
  const Field = ({ name }: { name: { value: string } }) => {
    if (types.getParentType()?.name === 'User') names.add(name.value);
  };
  visit(document, visitWithTypeInfo(types, { Field }));
  return names;
}

const example = 'examples/operations/03-user-with-everything.graphql';

it.each([
  { place: example, document: parse(readFileSync(example, 'utf8')), omitted: [] },
  { place: 'WholeUser in test/kit/operations/users.ts', document: WholeUser, omitted: [] },
  // The ids that two APIs generate differ; the user object of REST lacks updatedAt.
  {
    place: 'readUser in test/kit/both-apis/read-user.ts',
    document: parse(readUser),
    omitted: ['id', 'updatedAt'],
  },
])('$place selects every scalar field of a user', ({ place, document, omitted }) => {
  const scalars = fieldsOf('User').filter(({ type }) => isLeafType(getNullableType(type)));
  const present = new Set([...selectedFields(document), ...omitted]);
  const missing = scalars.map(({ name }) => name).filter((name) => !present.has(name));
  expect(missing, `Add each to ${place}.`).toEqual([]);
});
