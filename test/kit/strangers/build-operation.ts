import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { wholeInputs } from './names.ts';

/** The value of an argument or input field by its coordinate, such as `Query.user(uid)` or `AddEventInput.uid`. */
export type GetValue = (coordinate: string) => unknown;

/** An operation with its variables. */
export interface BuiltOperation {
  document: string;
  variables: Record<string, unknown>;
}

/** A field on the path from a root field to another field. */
interface Step {
  type: GraphQLObjectType;
  field: GraphQLField<unknown, unknown>;
}

const objectsOf = (type: GraphQLNamedType): readonly GraphQLObjectType[] => {
  if (isAbstractType(type)) return servedSchema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
};

const stepsOf = (type: GraphQLObjectType): Step[] => Object.values(type.getFields()).map((field) => ({ type, field }));

/** The shortest path from a root field to a field of a type, if any. */
export function pathTo(root: Step, target: Step): Step[] | undefined {
  const paths: Step[][] = [[root]];
  const seen = new Set<string>();
  for (const path of paths) {
    const last = path.at(-1);
    if (!last) continue;
    if (last.type === target.type && last.field === target.field) return path;
    for (const type of objectsOf(getNamedType(last.field.type))) {
      if (seen.has(type.name)) continue;
      seen.add(type.name);
      paths.push(...stepsOf(type).map((step) => [...path, step]));
    }
  }
  return undefined;
}

/** Builds an operation and collects its variables. */
function builder(getValue: GetValue) {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];

  function call({ type, field }: Step): string {
    const passedArguments = field.args.flatMap((arg) => {
      const value = variableValue(`${type.name}.${field.name}(${arg.name})`, arg.type, getValue);
      if (value === undefined) return [];
      const name = `v${declared.length}`;
      variables[name] = value;
      declared.push(`$${name}: ${arg.type}`);
      return [`${arg.name}: $${name}`];
    });
    return passedArguments.length === 0 ? field.name : `${field.name}(${passedArguments.join(', ')})`;
  }

  const finish = (root: GraphQLObjectType, selection: string): BuiltOperation => ({
    document: `${root.name.toLowerCase()} ${declared.length > 0 ? `(${declared.join(', ')})` : ''} { ${selection} }`,
    variables,
  });
  return { call, finish };
}

/** The value of an argument; of an input object, the fields with a value. */
function variableValue(coordinate: string, type: GraphQLInputType, getValue: GetValue): unknown {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || wholeInputs.has(named.name)) return getValue(coordinate);
  const fields = Object.values(named.getFields()).flatMap((field) => {
    const value = variableValue(`${named.name}.${field.name}`, field.type, getValue);
    return value === undefined ? [] : [[field.name, value]];
  });
  // An optional object is only passed for a value of its own.
  if (fields.length === 0 || (!isNonNullType(type) && getValue(coordinate) === undefined)) return undefined;
  const object: unknown = Object.fromEntries(fields);
  return isListType(getNullableType(type)) ? [object] : object;
}

/** An operation that follows a path, and selects only `__typename` of the last field. */
export function operationOnPath(path: readonly Step[], getValue: GetValue): BuiltOperation {
  const [root] = path;
  if (!root) throw new Error('The path is empty.');
  const { call, finish } = builder(getValue);
  const select = ([step, ...rest]: readonly Step[]): string => {
    if (!step) return '__typename';
    const inner = rest.length > 0 ? select(rest) : isCompositeType(getNamedType(step.field.type)) ? '__typename' : '';
    const selected = `${call(step)}${inner ? ` { ${inner} }` : ''}`;
    return step === root ? selected : `... on ${step.type.name} { ${selected} }`;
  };
  return finish(root.type, select(path));
}

/** What is selected: whether the operation succeeded, or all fields, with no type twice on a path. */
export type Depth = 'outcome' | 'everything';

/**
 * An operation of a root field.
 * @param onField called with the coordinate of every selected field.
 */
export function operationOf(
  root: Step,
  getValue: GetValue,
  depth: Depth,
  onField: (coordinate: string) => void = () => {},
): BuiltOperation {
  const { call, finish } = builder(getValue);

  function select(type: GraphQLOutputType, above: readonly string[]): string {
    const named = getNamedType(type);
    const parts = objectsOf(named).map((object) => {
      if (above.includes(object.name)) return '';
      const fields = stepsOf(object).flatMap((step) => selectField(step, [...above, object.name]));
      return fields.length === 0 ? '' : `... on ${object.name} { ${fields.join(' ')} }`;
    });
    return parts.every((part) => part === '') ? '' : `__typename ${parts.join(' ')}`;
  }

  function selectField(step: Step, above: readonly string[]): string[] {
    const composite = isCompositeType(getNamedType(step.field.type));
    const inner = composite ? select(step.field.type, above) : '';
    if (composite && inner === '') return [];
    onField(`${step.type.name}.${step.field.name}`);
    // Fields with the same name can have different types or arguments.
    return [`${step.type.name}_${step.field.name}: ${call(step)}${inner ? ` { ${inner} }` : ''}`];
  }

  onField(`${root.type.name}.${root.field.name}`);
  const named = getNamedType(root.field.type);
  const may = (name: string) => objectsOf(named).some((type) => type.getInterfaces().some((one) => one.name === name));
  const parts = [
    '__typename',
    may('Error') ? '... on Error { code message }' : '',
    may('Node') ? '... on Node { id }' : '',
  ];
  const outcome = isCompositeType(named) ? parts.join(' ') : '';
  const inner = depth === 'everything' ? select(root.field.type, []) : outcome;
  return finish(root.type, `${call(root)}${inner ? ` { ${inner} }` : ''}`);
}
