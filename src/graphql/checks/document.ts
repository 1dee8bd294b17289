import { GraphQLError, type ParseOptions, type DocumentNode, Lexer, parse, Source, TokenKind, Kind, type OperationDefinitionNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type GraphQLLimits, limitExceeded } from './limits.ts';
import { type Fragments, fragmentsOf } from './operation-cache.ts';

/** Refuses a document of more characters than the limit. */
export function checkLength({ length }: string, limit: number): GraphQLError | undefined {
  return length > limit ? limitExceeded(`The document has ${length} characters; the limit is ${limit}.`) : undefined;
}

/** Refuses documents that are too long, too deep or too wide, before they are validated. */
export function documentLimits(limits: GraphQLLimits): Plugin {
  const { documentCharacters, tokens } = limits;
  return {
    onParams({ params, setResult }) {
      const error = checkLength(params.query ?? '', documentCharacters);
      if (error) setResult({ errors: [error] });
    },
    onParse({ setParseFn }) {
      setParseFn((source: string, options?: ParseOptions) => parseWithin(tokens, source, options));
    },
    onValidate({ validateFn, setValidationFn }) {
      setValidationFn((schema, document, ...more) => {
        const errors = checkShape(document, limits);
        return errors.length > 0 ? errors : validateFn(schema, document, ...more);
      });
    },
  };
}

/** What graphql-js says where it stops, which tells the limit alone; its later versions have mended the word. */
const STOPPED = /^Syntax Error: Document contains more tha[nt] \d+ tokens/;

/** Parses a document. @throws {GraphQLError} where it has more tokens than the limit, or is wrong within them. */
export function parseWithin(limit: number, text: string, options?: ParseOptions): DocumentNode {
  try {
    return parse(text, { ...options, maxTokens: limit });
  } catch (error) {
    if (!(error instanceof GraphQLError) || !STOPPED.test(error.message)) throw error;
    throw limitExceeded(`The document has ${tokensOf(text)} tokens; the limit is ${limit}.`);
  }
}

/** How many tokens a document has; of one that stops being GraphQL, at least how many. */
function tokensOf(text: string): string {
  const lexer = new Lexer(new Source(text));
  let count = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) count += 1;
    return String(count);
  } catch {
    return `at least ${count}`;
  }
}

/** What can be told of selections without a schema, as if every fragment were written out where it is spread. */
interface Shape {
  /** Nesting of fields; those of introspection have a rule of their own. */
  depth: number;
  /** Fields with an alias, `__typename` too. */
  aliases: number;
  directives: number;
  /** Fields of the selections themselves, a field as often as it is selected. */
  fields: number;
}

const EMPTY: Shape = { depth: 0, aliases: 0, directives: 0, fields: 0 };

/** Refuses each operation of a document that is too deep or too wide, for every limit that it exceeds. */
export function checkShape(document: DocumentNode, limits: GraphQLLimits): GraphQLError[] {
  const fragments = fragmentsOf(document);
  const known = new Map<string, Shape>();
  return document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? faultsOf(shapeOfOperation(node, fragments, known), limits) : [],
  );
}

function faultsOf({ depth, aliases, fields, directives }: Shape, limits: GraphQLLimits): GraphQLError[] {
  const counted = [
    [depth, limits.depth, `nests ${depth} fields deep`],
    [aliases, limits.aliases, `has ${aliases} aliases`],
    [fields, limits.rootFields, `has ${fields} root fields`],
    [directives, limits.directives, `has ${directives} directives`],
  ] as const;
  return counted.flatMap(([count, limit, what]) =>
    count > limit ? limitExceeded(`The operation ${what}; the limit is ${limit}.`) : [],
  );
}

function shapeOfOperation(operation: OperationDefinitionNode, fragments: Fragments, known: Map<string, Shape>): Shape {
  const shape = shapeOf(operation.selectionSet, fragments, known);
  const ofVariables = operation.variableDefinitions?.map(({ directives }) => directives?.length ?? 0) ?? [];
  const own = [operation.directives?.length ?? 0, ...ofVariables];
  return { ...shape, directives: own.reduce(sum, shape.directives) };
}

/** @param known shapes of fragments, each of which is walked once, however often it is spread. */
function shapeOf({ selections }: SelectionSetNode, fragments: Fragments, known: Map<string, Shape>): Shape {
  return selections.reduce((shape, selection) => {
    const of = shapeOfSelection(selection, fragments, known);
    return {
      depth: Math.max(shape.depth, of.depth),
      aliases: sum(shape.aliases, of.aliases),
      directives: sum(shape.directives, of.directives),
      fields: sum(shape.fields, of.fields),
    };
  }, EMPTY);
}

function shapeOfSelection(selection: SelectionNode, fragments: Fragments, known: Map<string, Shape>): Shape {
  const own = selection.directives?.length ?? 0;
  if (selection.kind === Kind.FRAGMENT_SPREAD) {
    const shape = shapeOfFragment(selection.name.value, fragments, known);
    return { ...shape, directives: sum(shape.directives, own) };
  }
  const { depth, aliases, directives, fields } = selection.selectionSet
    ? shapeOf(selection.selectionSet, fragments, known)
    : EMPTY;
  if (selection.kind === Kind.INLINE_FRAGMENT) return { depth, aliases, directives: sum(directives, own), fields };
  return {
    depth: selection.name.value.startsWith('__') ? 1 : depth + 1,
    aliases: sum(aliases, selection.alias ? 1 : 0),
    directives: sum(directives, own),
    fields: 1,
  };
}

function shapeOfFragment(name: string, fragments: Fragments, known: Map<string, Shape>): Shape {
  const before = known.get(name);
  const fragment = fragments.get(name);
  if (before || !fragment) return before ?? EMPTY;
  // Ends a cycle, which validation reports.
  known.set(name, EMPTY);
  const shape = shapeOf(fragment.selectionSet, fragments, known);
  const flattened = { ...shape, directives: sum(shape.directives, fragment.directives?.length ?? 0) };
  known.set(name, flattened);
  return flattened;
}

/** Fragments that double with each level soon come to more than can be counted. */
function sum(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER);
}
