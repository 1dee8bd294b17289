import { isInputObjectType, isInterfaceType } from 'graphql';
import { expect, it } from 'vitest';
import { servedSchema } from '../../src/federation/subgraph.ts';
import { operations } from '../../src/rest/operations/index.ts';
import { coordinates, idsOf, namesOf, namingArguments, otherArguments } from '../kit/strangers/names.ts';
import { parametersOf, restNaming, restOther } from '../kit/strangers/rest.ts';

// test/suites/strangers.test.ts sends the values of these lists.

it('has a value for every argument and every field of an input', () => {
  const advice = `Add each to namingArguments, if it names an object of a workspace, or else to otherArguments, in test/kit/strangers/names.ts.`;
  const known = new Set([...Object.keys(namingArguments), ...Object.keys(otherArguments)]);
  expect(
    coordinates.filter((coordinate) => !known.has(coordinate)),
    advice,
  ).toEqual([]);
});

it('has a filter with every field', () => {
  const type = servedSchema.getType('UserFilter');
  const fields = isInputObjectType(type) ? Object.keys(type.getFields()) : [];
  const filters = JSON.stringify(namingArguments['Query.users(where)']?.(namesOf(1)));
  expect(fields.length).toBeGreaterThan(10);
  expect(
    fields.filter((field) => !filters.includes(`"${field}":`)),
    'Add each to filtersOf in test/kit/strangers/names.ts.',
  ).toEqual([]);
});

it('has an id for every type of node', () => {
  const node = servedSchema.getType('Node');
  const types = isInterfaceType(node) ? servedSchema.getPossibleTypes(node).map(({ name }) => name) : [];
  const ids = idsOf(namesOf(1));
  expect(
    types.filter((type) => !(type in ids)),
    'Add each to idsOf in test/kit/strangers/names.ts.',
  ).toEqual([]);
});

it.each(operations)('has a value for every parameter of $method $path', (operation) => {
  const advice = 'Add each to restNaming or restOther in test/kit/strangers/rest.ts.';
  const known = new Set([...Object.keys(restNaming), ...restOther]);
  expect(
    parametersOf(operation).filter((parameter) => !known.has(parameter)),
    advice,
  ).toEqual([]);
});
