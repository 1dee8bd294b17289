import { type FieldNode, Kind, type ValueNode, type VariableDefinitionNode } from 'graphql';

/** The variables of a request before coercion, and how the operation defines them. */
export interface RawVariables {
  values: Readonly<Record<string, unknown>>;
  definitions: readonly VariableDefinitionNode[];
}

/** The value of an argument, as far as it determines a size or a count. */
interface ArgumentValue {
  /** A number, an array or null; undefined if the argument is omitted. */
  value: unknown;
  /** Whether it comes from a variable, so that it can differ between requests with the same document. */
  isVariable: boolean;
}

/** Reads one argument of a field without coercing the others. */
export function argumentValue(
  { arguments: nodes = [] }: FieldNode,
  name: string,
  variables: RawVariables,
): ArgumentValue {
  const node = nodes.find((argument) => argument.name.value === name)?.value;
  return { value: node && readNode(node, variables), isVariable: node?.kind === Kind.VARIABLE };
}

function readNode(node: ValueNode, variables: RawVariables): unknown {
  if (node.kind === Kind.INT) return Number(node.value);
  if (node.kind === Kind.NULL) return null;
  if (node.kind === Kind.LIST) return node.values;
  return node.kind === Kind.VARIABLE ? variableValue(node.name.value, variables) : node;
}

function variableValue(name: string, variables: RawVariables): unknown {
  if (Object.hasOwn(variables.values, name)) return variables.values[name];
  const definition = variables.definitions.find(({ variable }) => variable.name.value === name);
  return definition?.defaultValue && readNode(definition.defaultValue, variables);
}

/** The number of items of a list. GraphQL coerces a single value to a list of one item. */
export function countItems(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return value == null ? 0 : 1;
}
