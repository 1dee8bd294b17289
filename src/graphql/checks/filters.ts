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
import { argumentAt } from './argument-value.ts';
import { type GraphQLLimits, limitExceeded } from './limits.ts';
import { cachePerOperation, separateOperation } from './operation-cache.ts';

/** A field with an argument that is or contains a filter. */
interface FilteredField {
  node: FieldNode;
  /** The path of the filter, which starts with the argument. */
  path: string;
  /** The size of a filter without variables, which is the same for each request with the operation. */
  size: FilterSize | undefined;
}

/**
 * Creates a check that rejects operations with a filter that exceeds a limit. It must run before all other checks of variables:
 * those walk a filter recursively, and it can be nested as deep as a request is long.
 */
export function createFilterCheck(limits: GraphQLLimits): (args: ExecutionArgs) => GraphQLError | undefined {
  return (args) => {
    for (const { node, path, size } of filteredFieldsOf(args)) {
      const excess = filterExcess(size ?? measureFilter(readFilter(args, node, path).value), limits);
      if (excess !== undefined) return limitExceeded(excess);
    }
    return undefined;
  };
}

function readFilter(args: ExecutionArgs, node: FieldNode, path: string) {
  const definitions = getOperationAST(args.document, args.operationName)?.variableDefinitions ?? [];
  return argumentAt(node, path, { values: args.variableValues ?? {}, definitions });
}

const filteredFieldsOf = cachePerOperation((args): FilteredField[] => {
  const operation = separateOperation(args);
  const fields: FilteredField[] = [];
  if (!operation) return fields;
  const types = new TypeInfo(args.schema);
  const Field = (node: FieldNode) => {
    const path = types.getFieldDef()?.extensions.filter;
    if (path === undefined || !node.arguments?.some(({ name }) => name.value === path.split('.')[0])) return;
    const { value, dependsOnVariables } = readFilter(args, node, path);
    fields.push({ node, path, size: dependsOnVariables ? undefined : measureFilter(value) });
  };
  visit(operation, visitWithTypeInfo(types, { Field }));
  return fields;
});
