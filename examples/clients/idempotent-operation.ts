// Which documents can be sent again if it is unknown whether they were executed, for Apollo Client and urql.
import { type DocumentNode, getOperationAST, Kind, valueFromASTUntyped } from 'graphql';
import { isIdempotent } from './retry.ts';

/** Whether a document is a query, or all of its mutations are idempotent. */
export function isIdempotentOperation(document: DocumentNode, variables: unknown): boolean {
  const { operation, selectionSet } = getOperationAST(document) ?? {};
  if (operation !== 'mutation') return operation === 'query';
  return !!selectionSet?.selections.every((field) => {
    if (field.kind !== Kind.FIELD) return false;
    const input = field.arguments?.find(({ name }) => name.value === 'input')?.value;
    return isIdempotent(field.name.value, input && valueFromASTUntyped(input, Object(variables)));
  });
}
