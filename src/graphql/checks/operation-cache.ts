import { type DocumentNode, type ExecutionArgs, getOperationAST, type OperationDefinitionNode, separateOperations, type FragmentDefinitionNode, Kind } from 'graphql';

/**
 * Remembers what is the same for every request with an operation of a document, as long as the parser's cache keeps that.
 * Nothing is remembered of names that no operation has: there is no end to them.
 */
export function cachePerOperation<Value extends object>(
  make: (args: ExecutionArgs) => Value,
): (args: ExecutionArgs) => Value {
  const known = new WeakMap<OperationDefinitionNode, Value>();
  return (args) => {
    const operation = getOperationAST(args.document, args.operationName);
    const before = operation && known.get(operation);
    if (before) return before;
    const value = make(args);
    if (operation) known.set(operation, value);
    return value;
  };
}

/** The operation with the fragments that it spreads, and no other; nothing where the document has no such operation. */
export function operationAlone({ document, operationName }: ExecutionArgs): DocumentNode | undefined {
  const operation = getOperationAST(document, operationName);
  return operation ? separateOperations(document)[operation.name?.value ?? ''] : undefined;
}

/** The fragments of a document, by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Finds the fragments that a document defines. */
export function fragmentsOf({ definitions }: DocumentNode): Fragments {
  const fragments = definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}
