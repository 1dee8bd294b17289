import { type FieldNode, Kind, type ValueNode, type VariableDefinitionNode } from 'graphql';

/** The variables of a request, as they came, and what the operation says of them. */
export interface GivenVariables {
  values: Readonly<Record<string, unknown>>;
  definitions: readonly VariableDefinitionNode[];
}

/** What an argument is given, as far as it tells a size. */
export interface Given {
  /** A number, an array, null; undefined where the argument is left out. */
  value: unknown;
  /** Whether another request with the same document may give another. */
  varies: boolean;
}

/** Reads an argument, without the work of coercing what else the field is given. */
export function given({ arguments: all = [] }: FieldNode, argument: string, variables: GivenVariables): Given {
  const node = all.find(({ name }) => name.value === argument)?.value;
  return { value: node && valueIn(node, variables), varies: node?.kind === Kind.VARIABLE };
}

function valueIn(node: ValueNode, variables: GivenVariables): unknown {
  if (node.kind === Kind.INT) return Number(node.value);
  if (node.kind === Kind.NULL) return null;
  if (node.kind === Kind.LIST) return node.values;
  return node.kind === Kind.VARIABLE ? valueOfVariable(node.name.value, variables) : node;
}

function valueOfVariable(name: string, variables: GivenVariables): unknown {
  if (Object.hasOwn(variables.values, name)) return variables.values[name];
  const definition = variables.definitions.find(({ variable }) => variable.name.value === name);
  return definition?.defaultValue && valueIn(definition.defaultValue, variables);
}

/** How many items a list has; what is no list stands for one with this one item. */
export function itemsOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return value == null ? 0 : 1;
}
