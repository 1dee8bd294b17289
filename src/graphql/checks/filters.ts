import {
  type ExecutionArgs,
  type FieldNode,
  type GraphQLError,
  getOperationAST,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { LimitExceededError } from '../../domain/shared/errors.ts';
import { checkFilterSize } from '../../domain/users/filter/size.ts';
import { wholeArgument } from './argument-value.ts';
import { type GraphQLLimits, limitExceeded } from './limits.ts';
import { cachePerOperation, separateOperation } from './operation-cache.ts';

/** A field with a filter, and the argument that contains it. */
interface FilteredField {
  node: FieldNode;
  argument: string;
}

/**
 * Creates a check that rejects operations with a filter that exceeds a limit. It must run before all other checks of variables:
 * those walk a filter recursively, and it can be nested as deep as a request is long.
 */
export function createFilterCheck(limits: GraphQLLimits): (args: ExecutionArgs) => GraphQLError | undefined {
  return (args) => {
    const fields = filteredFieldsOf(args);
    if (fields.length === 0) return undefined;
    const values = args.variableValues ?? {};
    const definitions = getOperationAST(args.document, args.operationName)?.variableDefinitions ?? [];
    for (const { node, argument } of fields) {
      const { value } = wholeArgument(node, argument, { values, definitions });
      try {
        if (value != null) checkFilterSize(value, limits);
      } catch (error) {
        if (error instanceof LimitExceededError) return limitExceeded(error.message);
        throw error;
      }
    }
    return undefined;
  };
}

const filteredFieldsOf = cachePerOperation((args): FilteredField[] => {
  const operation = separateOperation(args);
  const fields: FilteredField[] = [];
  if (!operation) return fields;
  const types = new TypeInfo(args.schema);
  const Field = (node: FieldNode) => {
    const argument = types.getFieldDef()?.extensions.filter;
    if (argument !== undefined) fields.push({ node, argument });
  };
  visit(operation, visitWithTypeInfo(types, { Field }));
  return fields;
});
