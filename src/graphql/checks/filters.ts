import {
  type ExecutionArgs,
  type FieldNode,
  type GraphQLError,
  getOperationAST,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type FilterSize, filterExcess, measureFilter } from '../../domain/users/filter/size.ts';
import { wholeArgument } from './argument-value.ts';
import { type GraphQLLimits, limitExceeded } from './limits.ts';
import { cachePerOperation, separateOperation } from './operation-cache.ts';

/** A field with an argument that is a filter. */
interface FilteredField {
  node: FieldNode;
  argument: string;
  /** The size of a filter without variables, which is the same for each request with the operation. */
  size: FilterSize | undefined;
}

/**
 * Creates a check that rejects operations with a filter that exceeds a limit. It must run before all other checks of variables:
 * those walk a filter recursively, and it can be nested as deep as a request is long.
 */
export function createFilterCheck(limits: GraphQLLimits): (args: ExecutionArgs) => GraphQLError | undefined {
  return (args) => {
    for (const { node, argument, size } of filteredFieldsOf(args)) {
      const excess = filterExcess(size ?? measureFilter(readFilter(args, node, argument).value), limits);
      if (excess !== undefined) return limitExceeded(excess);
    }
    return undefined;
  };
}

function readFilter(args: ExecutionArgs, node: FieldNode, argument: string) {
  const definitions = getOperationAST(args.document, args.operationName)?.variableDefinitions ?? [];
  return wholeArgument(node, argument, { values: args.variableValues ?? {}, definitions });
}

const filteredFieldsOf = cachePerOperation((args): FilteredField[] => {
  const operation = separateOperation(args);
  const fields: FilteredField[] = [];
  if (!operation) return fields;
  const types = new TypeInfo(args.schema);
  const Field = (node: FieldNode) => {
    const argument = types.getFieldDef()?.extensions.filter;
    if (argument === undefined || !node.arguments?.some(({ name }) => name.value === argument)) return;
    const { value, dependsOnVariables } = readFilter(args, node, argument);
    fields.push({ node, argument, size: dependsOnVariables ? undefined : measureFilter(value) });
  };
  visit(operation, visitWithTypeInfo(types, { Field }));
  return fields;
});
