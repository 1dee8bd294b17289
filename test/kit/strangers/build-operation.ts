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

/** The value of an argument or of an input's field, by its coordinate: `Query.user(uid)`, `AddEventInput.uid`. */
export type Given = (coordinate: string) => unknown;

/** An operation with its variables. */
export interface Built {
  document: string;
  variables: Record<string, unknown>;
}

/** A field on the way from a root to another field. */
interface Step {
  type: GraphQLObjectType;
  field: GraphQLField<unknown, unknown>;
}

const objectsOf = (type: GraphQLNamedType): readonly GraphQLObjectType[] => {
  if (isAbstractType(type)) return servedSchema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
};

const stepsOf = (type: GraphQLObjectType): Step[] => Object.values(type.getFields()).map((field) => ({ type, field }));

/** The shortest way from a root field to a field of a type; nothing where there is none. */
export function wayTo(root: Step, target: Step): Step[] | undefined {
  const ways: Step[][] = [[root]];
  const seen = new Set<string>();
  for (const way of ways) {
    const last = way.at(-1);
    if (!last) continue;
    if (last.type === target.type && last.field === target.field) return way;
    for (const type of objectsOf(getNamedType(last.field.type))) {
      if (seen.has(type.name)) continue;
      seen.add(type.name);
      ways.push(...stepsOf(type).map((step) => [...way, step]));
    }
  }
  return undefined;
}

/** A builder of one operation: it gathers the variables. */
function builder(given: Given) {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];

  function call({ type, field }: Step): string {
    const passed = field.args.flatMap((arg) => {
      const value = passedAt(`${type.name}.${field.name}(${arg.name})`, arg.type, given);
      if (value === undefined) return [];
      const name = `v${declared.length}`;
      variables[name] = value;
      declared.push(`$${name}: ${arg.type}`);
      return [`${arg.name}: $${name}`];
    });
    return passed.length === 0 ? field.name : `${field.name}(${passed.join(', ')})`;
  }

  const finish = (root: GraphQLObjectType, selection: string): Built => ({
    document: `${root.name.toLowerCase()} ${declared.length > 0 ? `(${declared.join(', ')})` : ''} { ${selection} }`,
    variables,
  });
  return { call, finish };
}

/** What is passed; of an input object, the fields that have a value. */
function passedAt(coordinate: string, type: GraphQLInputType, given: Given): unknown {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return given(coordinate);
  const fields = Object.values(named.getFields()).flatMap((field) => {
    const value = passedAt(`${named.name}.${field.name}`, field.type, given);
    return value === undefined ? [] : [[field.name, value]];
  });
  // An object that may be left out is passed for what it has beside what it requires.
  if (fields.length === 0 || (!isNonNullType(type) && given(coordinate) === undefined)) return undefined;
  const object: unknown = Object.fromEntries(fields);
  return isListType(getNullableType(type)) ? [object] : object;
}

/** An operation that goes a way, and selects the last field with nothing but the name of its type. */
export function operationAlong(way: readonly Step[], given: Given): Built {
  const [root] = way;
  if (!root) throw new Error('A way has a root.');
  const { call, finish } = builder(given);
  const select = ([step, ...rest]: readonly Step[]): string => {
    if (!step) return '__typename';
    const inner = rest.length > 0 ? select(rest) : isCompositeType(getNamedType(step.field.type)) ? '__typename' : '';
    const selected = `${call(step)}${inner ? ` { ${inner} }` : ''}`;
    return step === root ? selected : `... on ${step.type.name} { ${selected} }`;
  };
  return finish(root.type, select(way));
}

/** How much of an answer is selected: what says whether it succeeded, or all there is, no type twice on a way. */
export type Depth = 'outcome' | 'everything';

/**
 * An operation of a root field.
 * @param onField is told every field that is selected.
 */
export function operationOf(
  root: Step,
  given: Given,
  depth: Depth,
  onField: (coordinate: string) => void = () => {},
): Built {
  const { call, finish } = builder(given);

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
    // The same name may have another type, or other arguments, on another type.
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
