import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import { type Fragments, fragmentsOf } from './fragments.ts';

/** Most selections, with every fragment written out where it is spread: thirty times those of a user with everything. */
const MOST = 1_000;

/**
 * Whether graphql-jit executes a document's operations as graphql-js would, and compiles them in no time. It does not where
 *
 * - there is a `@skip` or `@include`: it keeps a fragment's condition for all places where that is spread, in other operations,
 *   too; orders fields otherwise; and takes a condition that is null for one that does not hold;
 * - a response key is `__proto__`: it sets that of its objects;
 * - fragments would be very long if they were written out, as it walks them: each level that spreads another twice doubles them.
 */
export function isCompilable(document: DocumentNode): boolean {
  const fragments = fragmentsOf(document);
  const known = new Map<string, number>();
  const lengths = document.definitions.map((node) =>
    'selectionSet' in node ? lengthOf(node.selectionSet, fragments, known) : 0,
  );
  return Math.max(...lengths) <= MOST;
}

/** The number of selections, all told; infinite where one is not to be compiled. @param known that of fragments. */
function lengthOf(set: SelectionSetNode | undefined, fragments: Fragments, known: Map<string, number>): number {
  let length = 0;
  for (const selection of set?.selections ?? []) {
    if (selection.directives?.length) return Number.POSITIVE_INFINITY;
    if (selection.kind === Kind.FRAGMENT_SPREAD) length += lengthOfFragment(selection.name.value, fragments, known);
    else {
      if (selection.kind === Kind.FIELD && selection.alias?.value === '__proto__') return Number.POSITIVE_INFINITY;
      length += 1 + lengthOf(selection.selectionSet, fragments, known);
    }
  }
  return length;
}

function lengthOfFragment(name: string, fragments: Fragments, known: Map<string, number>): number {
  const length = known.get(name) ?? 1 + lengthOf(fragments.get(name)?.selectionSet, fragments, known);
  known.set(name, length);
  return length;
}
