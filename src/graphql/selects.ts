import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** A field in an operation, as its resolver is told of it. */
type Selected = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>;

/** Whether a field's result is asked for another field, by whatever alias, in whatever fragment, skipped or not. */
export function selects({ fieldNodes, fragments }: Selected, name: string): boolean {
  const spread = new Set<string>();
  return fieldNodes.some(({ selectionSet }) => holds(selectionSet, name, fragments, spread));
}

/** @param spread the fragments that were looked into before. */
function holds(
  set: SelectionSetNode | undefined,
  name: string,
  fragments: Selected['fragments'],
  spread: Set<string>,
): boolean {
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value === name;
    if (selection.kind === Kind.INLINE_FRAGMENT) return holds(selection.selectionSet, name, fragments, spread);
    const fragment = selection.name.value;
    if (spread.has(fragment)) return false;
    spread.add(fragment);
    return holds(fragments[fragment]?.selectionSet, name, fragments, spread);
  });
}
