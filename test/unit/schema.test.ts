import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { expect, it } from 'vitest';
import { printedSchema } from '../kit/printed-schema.ts';

const committed = readFileSync('schema.graphql', 'utf8');
const schema = buildSchema(committed);
const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));

it('is committed as it is (npm run generate)', () => {
  expect(printedSchema()).toBe(committed);
});

it('describes every element', () => {
  const builtIn = new Set(['ID', 'String', 'Int', 'Float', 'Boolean']);
  const bare = types.flatMap((type) => {
    const members = isEnumType(type)
      ? type.getValues()
      : isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
        ? Object.values(type.getFields())
        : [];
    const args = members.flatMap((member) => ('args' in member ? member.args : []));
    return [type, ...members, ...args]
      .filter((element) => !element.description && !builtIn.has(element.name))
      .map((element) => `${type.name}: ${element.name}`);
  });
  expect(bare).toEqual([]);
});

/** What a type consists of, a line each: fields with their types, arguments, members, values, interfaces. */
function partsOf(type: GraphQLNamedType | undefined): string[] {
  if (isUnionType(type)) return type.getTypes().map(String);
  if (isEnumType(type)) return type.getValues().map(({ name }) => name);
  if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
  const interfaces = isInputObjectType(type) ? [] : type.getInterfaces().map((name) => `implements ${name}`);
  return Object.values(type.getFields()).flatMap((field) => [
    ...interfaces,
    `${field.name}: ${field.type}`,
    ...('args' in field
      ? field.args.map((arg: { name: string; type: unknown }) => `${field.name}(${arg.name}: ${arg.type})`)
      : []),
  ]);
}

it('drops nothing that the contract promises', () => {
  const promised = buildSchema(readFileSync('test/kit/contract.graphql', 'utf8'));
  const missing = Object.values(promised.getTypeMap()).flatMap((type) => {
    const ours = new Set(partsOf(schema.getType(type.name)));
    return partsOf(type)
      .filter((part) => !ours.has(part))
      .map((part) => `${type.name} ${part}`);
  });
  expect(missing).toEqual([]);
});
