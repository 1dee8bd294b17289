import { type FieldNode, Kind, type ValueNode, type VariableDefinitionNode, valueFromASTUntyped } from 'graphql';
import { isJsonObject } from '../../domain/shared/attributes.ts';

/** The variables of a request before coercion, and how the operation defines them. */
export interface RawVariables {
  values: Readonly<Record<string, unknown>>;
  definitions: readonly VariableDefinitionNode[];
}

/** The value of an argument, as far as it determines a size or a count. */
interface ArgumentValue {
  /**
   * A number, an array or null; undefined if the argument is omitted. A literal item that contains a variable is its
   * node.
   */
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

/** Reads a whole argument, with the variables within it, before coercion. */
export function wholeArgument(
  { arguments: nodes = [] }: FieldNode,
  name: string,
  variables: RawVariables,
): { value: unknown; dependsOnVariables: boolean } {
  const node = nodes.find((argument) => argument.name.value === name)?.value;
  if (!node) return { value: undefined, dependsOnVariables: false };
  const dependsOnVariables = containsVariable(node);
  return { value: valueFromASTUntyped(node, dependsOnVariables ? withDefaults(variables) : {}), dependsOnVariables };
}

/**
 * Reads a value in a field's arguments, before coercion.
 * @param path the argument, or the argument and an input field: `input.where`.
 */
export function argumentAt(node: FieldNode, path: string, variables: RawVariables): ReturnType<typeof wholeArgument> {
  const [name = '', ...fields] = path.split('.');
  const { value, dependsOnVariables } = wholeArgument(node, name, variables);
  const found = fields.reduce((part, field) => (isJsonObject(part) ? part[field] : undefined), value);
  return { value: found, dependsOnVariables };
}

function withDefaults({ values, definitions }: RawVariables): Record<string, unknown> {
  const defaults = definitions.flatMap(({ variable, defaultValue }) =>
    defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [],
  );
  return { ...Object.fromEntries(defaults), ...values };
}

function readNode(node: ValueNode, variables: RawVariables): unknown {
  if (node.kind === Kind.INT) return Number(node.value);
  if (node.kind === Kind.NULL) return null;
  if (node.kind === Kind.LIST)
    return node.values.map((item) => (containsVariable(item) ? item : valueFromASTUntyped(item)));
  return node.kind === Kind.VARIABLE ? variableValue(node.name.value, variables) : node;
}

function variableValue(name: string, variables: RawVariables): unknown {
  if (Object.hasOwn(variables.values, name)) return variables.values[name];
  const definition = variables.definitions.find(({ variable }) => variable.name.value === name);
  return definition?.defaultValue && readNode(definition.defaultValue, variables);
}

/** Whether a value of a document is a variable, or contains one. */
export function containsVariable(value: ValueNode): boolean {
  if (value.kind === Kind.LIST) return value.values.some(containsVariable);
  if (value.kind === Kind.OBJECT) return value.fields.some((field) => containsVariable(field.value));
  return value.kind === Kind.VARIABLE;
}

/** The items of a list. GraphQL coerces a single value to a list of one item. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value == null ? [] : [value];
}
