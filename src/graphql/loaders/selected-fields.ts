import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** A field in an operation, as its resolver is told of it. */
type Selected = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>;

/** What is beneath a place of a document stays the same, and is asked for with every row. */
const known = new WeakMap<FieldNode, ReadonlySet<string>>();

/**
 * The names of all fields that are selected beneath a field: by whatever alias, in whatever fragment and however deep, skipped
 * or not. More than what its own result is asked for, and never less.
 */
export function selectedFields({ fieldNodes, fragments }: Selected): ReadonlySet<string> {
  return union(new Set(fieldNodes.map((node) => namesBeneath(node, fragments))));
}

/** What is selected by any of some. */
export function union(selections: ReadonlySet<ReadonlySet<string>>): ReadonlySet<string> {
  const [first = new Set<string>(), ...others] = selections;
  return others.length === 0 ? first : new Set([first, ...others].flatMap((names) => [...names]));
}

function namesBeneath(node: FieldNode, fragments: Selected['fragments']): ReadonlySet<string> {
  const before = known.get(node);
  if (before) return before;
  const names = new Set<string>();
  collect(node.selectionSet, fragments, names, new Set());
  known.set(node, names);
  return names;
}

/** @param spread the fragments that were looked into before. */
function collect(
  set: SelectionSetNode | undefined,
  fragments: Selected['fragments'],
  names: Set<string>,
  spread: Set<string>,
): void {
  for (const selection of set?.selections ?? []) {
    if (selection.kind === Kind.FIELD) names.add(selection.name.value);
    if (selection.kind !== Kind.FRAGMENT_SPREAD) collect(selection.selectionSet, fragments, names, spread);
    else if (!spread.has(selection.name.value)) {
      spread.add(selection.name.value);
      collect(fragments[selection.name.value]?.selectionSet, fragments, names, spread);
    }
  }
}
