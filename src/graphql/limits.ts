import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/** Most characters of a document, comments included: as many as the parser's cache may keep of each. */
export const DOCUMENT_MAXIMUM = 64 * 1024;

/** Refuses a document before it is parsed. */
export function documentTooLong(): GraphQLError {
  const message = `The document is longer than the limit of ${DOCUMENT_MAXIMUM} characters.`;
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', http: { spec: true, status: 400 } } });
}

/** Most tokens of a document. */
export const TOKENS_MAXIMUM = 2_000;

/** Deepest nesting of fields, with fragments flattened; introspection is not counted. */
export const DEPTH_MAXIMUM = 12;

/** Validation rule: refuses operations that nest deeper than `DEPTH_MAXIMUM`. */
export function maximumDepth(context: ValidationContext): ASTVisitor {
  const depthOfFragment = new Map<string, number>();

  function depthOf({ selections }: SelectionSetNode): number {
    return Math.max(0, ...selections.map(depthOfSelection));
  }

  function depthOfSelection(selection: SelectionSetNode['selections'][number]): number {
    if (selection.kind === Kind.INLINE_FRAGMENT) return depthOf(selection.selectionSet);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return depthOfSpread(context.getFragment(selection.name.value));
    if (!selection.selectionSet || selection.name.value.startsWith('__')) return 1;
    return 1 + depthOf(selection.selectionSet);
  }

  function depthOfSpread(fragment: FragmentDefinitionNode | null | undefined): number {
    if (!fragment) return 0;
    const known = depthOfFragment.get(fragment.name.value);
    if (known !== undefined) return known;
    // Ends a cycle, which another rule reports.
    depthOfFragment.set(fragment.name.value, 0);
    const depth = depthOf(fragment.selectionSet);
    depthOfFragment.set(fragment.name.value, depth);
    return depth;
  }

  return {
    OperationDefinition(operation) {
      const depth = depthOf(operation.selectionSet);
      if (depth <= DEPTH_MAXIMUM) return;
      const message = `The operation nests ${depth} fields deep; the limit is ${DEPTH_MAXIMUM}.`;
      context.reportError(new GraphQLError(message, { nodes: operation, extensions: { code: 'LIMIT_EXCEEDED' } }));
    },
  };
}
