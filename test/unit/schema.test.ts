import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLArgument,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, it } from 'vitest';
import { printedSchema } from '../kit/printed-schema.ts';

const committed = readFileSync('schema.graphql', 'utf8');
const schema = buildSchema(committed);
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

function argumentsOf(member: object & { args?: readonly GraphQLArgument[] }): readonly GraphQLArgument[] {
  return member.args ?? [];
}

it('is printed to schema.graphql', () => {
  expect(printedSchema() === committed, 'schema.graphql is stale. Run npm run generate, and commit it.').toBe(true);
});

it.each(types)('describes %s and all its elements', (type) => {
  const members = isEnumType(type)
    ? type.getValues()
    : isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
      ? Object.values(type.getFields())
      : [];
  const elements = members.flatMap((member) => [
    { coordinate: `${type.name}.${member.name}`, description: member.description },
    ...argumentsOf(member).map(({ name, description }) => ({
      coordinate: `${type.name}.${member.name}(${name}:)`,
      description,
    })),
  ]);
  const undescribed = [{ coordinate: type.name, description: type.description }, ...elements]
    .filter(({ description }) => !description)
    .map(({ coordinate }) => coordinate);
  expect(undescribed, 'Add a description where the elements are defined, in src/graphql/schema.').toEqual([]);
});
