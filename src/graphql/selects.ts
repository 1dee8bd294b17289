import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** A field in an operation, as its resolver is told of it. */
type Selected = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>;

/** What is known of the fields of documents: each one's answers, by the name that was asked for. */
const known = new WeakMap<FieldNode, Map<string, boolean>>();

/** Whether a field's result is asked for another field, by whatever alias, in whatever fragment, skipped or not. */
export function selects({ fieldNodes, fragments }: Selected, name: string): boolean {
  return fieldNodes.some((node) => {
    const answers = known.get(node) ?? new Map<string, boolean>();
    known.set(node, answers);
    const before = answers.get(name);
    if (before !== undefined) return before;
    const answer = holds(node.selectionSet, name, fragments, new Set());
    answers.set(name, answer);
    return answer;
  });
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
