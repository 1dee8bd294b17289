import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import type { Choices } from './choices.ts';
import { wrongValueOf } from './wrong-value.ts';

/** Sources of argument values. */
interface Pools {
  /** Ids, uids and other strings, some of existing rows. */
  texts: readonly string[];
  /** JSON values that replace others. */
  anything: readonly unknown[];
}

/** The body of a request. */
export interface Generated {
  query: unknown;
  variables?: unknown;
  operationName?: unknown;
}

const DIRECTIVES = [
  ' @skip(if: false)',
  ' @include(if: true)',
  ' @skip(if: true)',
  ' @include(if: true) @include(if: true)',
  ' @nothing',
];

/** Generates an operation for a schema. Most are valid; the others are malformed in one of many ways. */
export function generateOperation(schema: GraphQLSchema, choices: Choices, pools: Pools): Generated {
  const variables: Record<string, unknown> = {};
  const definitions: string[] = [];
  const { below, of } = choices;
  // Half of the operations are valid, so that enough of them are executed.
  const canBeInvalid = choices.percent(50);
  const percent = (chance: number) =>
    canBeInvalid || (chance > 4 && chance < 90) ? choices.percent(chance) : chance >= 90;
  let aliases = 0;

  function generateScalar(name: string): unknown {
    if (name === 'Int') return percent(90) ? below(canBeInvalid ? 30 : 5) + 1 : of([0, -1, 31, 2 ** 31, 1.5]);
    if (name === 'Float') return of([0, -1.5, 1e300, 7]);
    if (name === 'Boolean') return percent(50);
    if (name === 'DateTime')
      return of([
        '2026-01-01T00:00:00Z',
        '0001-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999Z',
        'now',
        '2026-02-30T00:00:00Z',
      ]);
    if (name === 'Attributes')
      return of([{}, { plan: 'pro', age: 3, on: true }, { a: null }, { a: { b: 1 } }, { '': 1 }]);
    if (name === 'AttributeValue') return of(['text', 1, true, 0.1]);
    if (name === '_Any')
      return of([
        { __typename: 'User', uid: of(pools.texts) },
        { __typename: 'List', id: of(pools.texts) },
        { __typename: 'Nothing' },
        {},
      ]);
    return of(pools.texts);
  }

  function generateInput(type: GraphQLInputType, depth = 0): unknown {
    if (percent(4)) return of(pools.anything);
    if (percent(3)) return wrongValueOf(type, choices);
    if (isNonNullType(type)) return generateInput(type.ofType, depth);
    if (percent(3)) return null;
    if (isListType(type))
      return Array.from({ length: percent(2) ? 300 : below(3) }, () => generateInput(type.ofType, depth));
    if (isEnumType(type)) return of(type.getValues()).name;
    if (!isInputObjectType(type)) return generateScalar(type.name);
    const fields = Object.values(type.getFields()).filter((field) =>
      isRequiredInputField(field) ? percent(97) : depth < 4 && percent(30),
    );
    return Object.fromEntries(fields.map((field) => [field.name, generateInput(field.type, depth + 1)]));
  }

  /** Prints a value as a GraphQL literal. Strings that are names of enum values are printed as enum values. */
  function printLiteral(value: unknown): string {
    if (Array.isArray(value)) return `[${value.map(printLiteral).join(' ')}]`;
    if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value).filter(([name]) => /^[_A-Za-z]\w*$/.test(name));
      return `{ ${fields.map(([name, nested]) => `${name}: ${printLiteral(nested)}`).join(' ')} }`;
    }
    if (typeof value === 'string' && /^(ANDROID|IOS)$/.test(value)) return value;
    return JSON.stringify(value) ?? 'null';
  }

  function argumentsOf(field: GraphQLField<unknown, unknown>): string {
    const chosen = field.args.filter((argument) => (isRequiredArgument(argument) ? percent(97) : percent(25)));
    const texts = chosen.map((argument) => {
      const value = generateInput(argument.type);
      if (percent(40)) return `${argument.name}: ${printLiteral(value)}`;
      const name = `v${definitions.length}`;
      definitions.push(`$${name}: ${percent(95) ? argument.type : of(['Int', '[ID!]!', 'User', 'Nothing'])}`);
      if (percent(97)) variables[name] = value;
      return `${argument.name}: $${percent(98) ? name : 'undefined'}`;
    });
    return texts.length > 0 ? `(${texts.join(' ')})` : '';
  }

  /** Two fields with the same name and no alias can conflict. */
  function aliasOf(): string {
    if (canBeInvalid && percent(50)) return percent(15) ? `a${below(40)}: ` : '';
    aliases += 1;
    return `a${aliases}: `;
  }

  function selectionOf(field: GraphQLField<unknown, unknown>, depth: number, alias = aliasOf()): string {
    const directive = percent(4) ? of(DIRECTIVES) : '';
    return `${alias}${percent(99) ? field.name : 'nobody'}${argumentsOf(field)}${directive}${selectionsOf(field.type, depth)}`;
  }

  function selectionsOf(type: GraphQLOutputType, depth: number): string {
    const named = getNamedType(type);
    if (!isCompositeType(named)) return percent(1) ? ' { x }' : '';
    if (depth <= 0) return percent(95) ? ' { __typename }' : '';
    if (isAbstractType(named)) {
      const types = schema.getPossibleTypes(named).filter(() => percent(60));
      const parts = types.map((possible) => `... on ${possible.name}${selectionsOf(possible, depth - 1)}`);
      return ` { __typename ${parts.join(' ')} }`;
    }
    const fields = Object.values('getFields' in named ? named.getFields() : {});
    const picked = Array.from({ length: 1 + below(percent(92) ? 2 : 10) }, () => selectionOf(of(fields), depth - 1));
    return ` { ${picked.join(' ')} }`;
  }

  const kind = percent(75) ? 'query' : 'mutation';
  const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
  const fields = Object.values(root?.getFields() ?? {});
  const depth = percent(95) ? 1 + below(4) : 14;
  const rootFields = percent(96) ? 1 + below(2) : 35;
  const body = Array.from({ length: rootFields }, (_, place) => selectionOf(of(fields), depth, `r${place}: `)).join(
    ' ',
  );
  const text = `${kind} Generated${definitions.length > 0 ? `(${definitions.join(', ')})` : ''} { ${body} }`;
  return {
    query: percent(90) ? text : choices.percent(80) ? breakText(text, choices) : of(pools.anything),
    ...(percent(97) ? { variables: percent(97) ? variables : of(pools.anything) } : {}),
    ...(percent(95) ? {} : { operationName: of<unknown>(['Generated', 'Other', '', null, 1]) }),
  };
}

/** Corrupts a text at a random position: characters are removed, inserted or repeated, or the end is cut off. */
function breakText(text: string, { below, of }: Choices): string {
  const at = below(text.length + 1);
  const length = below(20);
  return of([
    () => text.slice(0, at),
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at) + text.slice(at, at + length).repeat(3) + text.slice(at + length),
    () =>
      text.slice(0, at) +
      of(['{', '}', '(', '"', '"""', '...', '$', '@', '\u0000', '\ud800', '#', '\ufeff', '🏃', '&', '|']) +
      text.slice(at),
  ])();
}
