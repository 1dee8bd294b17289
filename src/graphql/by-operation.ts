import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  type OperationDefinitionNode,
  separateOperations,
} from 'graphql';

/**
 * Remembers what is the same for every request with an operation of a document, as long as the parser's cache keeps that.
 * Nothing is remembered of names that no operation has: there is no end to them.
 */
export function byOperation<Value extends object>(
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
