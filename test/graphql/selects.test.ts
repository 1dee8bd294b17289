import { type FieldNode, type FragmentDefinitionNode, Kind, parse } from 'graphql';
import { expect, it } from 'vitest';
import { selects } from '../../src/graphql/selects.ts';

/** The first field of a document's first operation, and the document's fragments, as a resolver is told of them. */
function told(text: string) {
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
  ['{ a { b } }', true],
  ['{ a { x: b } }', true],
  ['{ a { b @skip(if: true) } }', true],
  ['{ a { ... { ... on A { b } } } }', true],
  ['{ a { ...f } } fragment f on A { ...g } fragment g on A { b }', true],
  ['{ a { c } a { b } }', true],
  ['{ a { b: c } }', false],
  ['{ a { c { b } } }', false],
  ['{ a }', false],
  ['{ a { ...f } } fragment f on A { c ...f }', false],
  ['{ a { ...none } }', false],
])('%s: %s', (text, answer) => {
  const info = told(text);
  expect(selects(info, 'b')).toBe(answer);
  expect(selects(info, 'd')).toBe(false);
  expect(selects(info, 'b')).toBe(answer);
});
