import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  type OperationDefinitionNode,
  separateOperations,
} from 'graphql';

/**
 * Memoizes a function of an operation by the node of the operation, for as long as the document cache holds its document. The
 * function must not read the variables. Operation names that the document does not define are not cached,
 * since their number is unlimited.
 */
export function cachePerOperation<Value extends object>(
  compute: (args: ExecutionArgs) => Value,
): (args: ExecutionArgs) => Value {
  const values = new WeakMap<OperationDefinitionNode, Value>();
  return (args) => {
    const operation = getOperationAST(args.document, args.operationName);
    const cached = operation && values.get(operation);
    if (cached) return cached;
    const value = compute(args);
    if (operation) values.set(operation, value);
    return value;
  };
}

/**
 * The document reduced to the requested operation and the fragments that it spreads.
 * @returns undefined if the document does not define the operation.
 */
export function separateOperation({ document, operationName }: ExecutionArgs): DocumentNode | undefined {
  const operation = getOperationAST(document, operationName);
  return operation ? separateOperations(document)[operation.name?.value ?? ''] : undefined;
}
