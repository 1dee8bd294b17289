import { type FieldNode, type FragmentDefinitionNode, Kind, parse } from 'graphql';
import { expect, it } from 'vitest';
import { selectedFields, union } from '../../../src/graphql/loaders/selected-fields.ts';

/** The field nodes and fragments of a document, as in a resolver's `info`. */
function infoOf(text: string) {
  const { definitions } = parse(text);
  const fragments: Record<string, FragmentDefinitionNode> = {};
  const fieldNodes: FieldNode[] = [];
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    fieldNodes.push(...definition.selectionSet.selections.filter((selection) => selection.kind === Kind.FIELD));
  }
  return { fieldNodes, fragments };
}

it.each([
  ['{ a }', []],
  ['{ a { b } }', ['b']],
  ['{ a { x: b } }', ['b']],
  ['{ a { b @skip(if: true) } }', ['b']],
  ['{ a { b { c { d } } e } }', ['b', 'c', 'd', 'e']],
  ['{ a { ... { ... on A { b } } } }', ['b']],
  ['{ a { ...f c } } fragment f on A { ...g } fragment g on A { b }', ['b', 'c']],
  ['{ a { ...f } } fragment f on A { c ...f }', ['c']],
  ['{ a { ...none } }', []],
  ['{ a { c } a { b } }', ['c', 'b']],
])('%s: %j', (text, names) => {
  const info = infoOf(text);
  expect([...selectedFields(info)]).toEqual(names);
  expect([...selectedFields(info)]).toEqual(names);
});

it('computes the set of a field once, and does not copy a single set', () => {
  const info = infoOf('{ a { b } }');
  expect(selectedFields(info)).toBe(selectedFields({ ...info }));
  const names = new Set(['b']);
  expect(union(new Set([names]))).toBe(names);
  expect([...union(new Set())]).toEqual([]);
});
