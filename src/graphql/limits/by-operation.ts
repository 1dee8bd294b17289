import type { DocumentNode, ExecutionArgs } from 'graphql';

/**
 * Remembers what is the same for every request with a document and an operation of it. Documents are kept by the
 * parser's cache, which bounds this one.
 */
export function byOperation<Value>(make: (args: ExecutionArgs) => Value): (args: ExecutionArgs) => Value {
  const byDocument = new WeakMap<DocumentNode, Map<string, { value: Value }>>();
  return (args) => {
    const { document, operationName } = args;
    const byName = byDocument.get(document) ?? new Map<string, { value: Value }>();
    byDocument.set(document, byName);
    const known = byName.get(operationName ?? '') ?? { value: make(args) };
    byName.set(operationName ?? '', known);
    return known.value;
  };
}
