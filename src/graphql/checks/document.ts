import {
  type DocumentNode,
  GraphQLError,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  type ParseOptions,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  Source,
  TokenKind,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type Fragments, fragmentsOf } from './fragments.ts';
import { type GraphQLLimits, limitExceeded } from './limits.ts';

/** Checks the length of a document against the limit. */
export function checkLength({ length }: string, limit: number): GraphQLError | undefined {
  return length > limit ? limitExceeded(`The document has ${length} characters; the limit is ${limit}.`) : undefined;
}

/** Rejects documents that are too long, too deep or too wide before they are validated. */
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

const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message === 'Maximum call stack size exceeded';

const tooDeeplyNested = () => limitExceeded('The document is too deeply nested to be parsed.');

/**
 * Rejects documents on which graphql-js overflows the stack, with a client error. Within the token limit, a document can have a
 * thousand nested lists, into which the parser recurses, and chains of fragment spreads, which the validation rule for
 * overlapping fields follows recursively.
 */
export const stackGuard: Plugin = {
  onParse({ parseFn, setParseFn }) {
    setParseFn((...args: Parameters<typeof parseFn>) => {
      try {
        return parseFn(...args);
      } catch (error) {
        throw isStackOverflow(error) ? tooDeeplyNested() : error;
      }
    });
  },
  onValidate({ validateFn, setValidationFn }) {
    setValidationFn((...args: Parameters<typeof validateFn>) => {
      try {
        return validateFn(...args);
      } catch (error) {
        if (isStackOverflow(error)) return [tooDeeplyNested()];
        throw error;
      }
    });
  },
};

/** The error of graphql-js for `maxTokens`, which does not contain the count. Later versions correct its typo. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] \d+ tokens/;

/** Parses a document. @throws {GraphQLError} if it has more tokens than the limit, or a syntax error. */
export function parseWithin(limit: number, text: string, options?: ParseOptions): DocumentNode {
  try {
    return parse(text, { ...options, maxTokens: limit });
  } catch (error) {
    if (!(error instanceof GraphQLError) || !TOO_MANY_TOKENS.test(error.message)) throw error;
    throw limitExceeded(`The document has ${countTokens(text)} tokens; the limit is ${limit}.`);
  }
}

/** The number of tokens of a document, or the number before the first lexical error. */
function countTokens(text: string): string {
  const lexer = new Lexer(new Source(text));
  let count = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) count += 1;
    return String(count);
  } catch {
    return `at least ${count}`;
  }
}

/** Counts of a selection set with all fragments expanded. They do not need the schema. */
interface Shape {
  /** Nesting of fields. Introspection counts as one level: it has a validation rule of its own. */
  depth: number;
  /** Fields with an alias, including `__typename`. */
  aliases: number;
  directives: number;
  /** Fields of the selection set itself, including repeated ones. */
  fields: number;
}

const EMPTY: Shape = { depth: 0, aliases: 0, directives: 0, fields: 0 };

/** Shapes of fragments by name, so that each fragment is walked once. */
type FragmentShapes = Map<string, Shape>;

/** Checks the shape of each operation of a document against the limits. */
export function checkShape(document: DocumentNode, limits: GraphQLLimits): GraphQLError[] {
  const fragments = fragmentsOf(document);
  const fragmentShapes: FragmentShapes = new Map();
  return document.definitions.flatMap((node) =>
    node.kind === Kind.OPERATION_DEFINITION
      ? compareToLimits(shapeOfOperation(node, fragments, fragmentShapes), limits)
      : [],
  );
}

function compareToLimits({ depth, aliases, fields, directives }: Shape, limits: GraphQLLimits): GraphQLError[] {
  const counts = [
    [depth, limits.depth, `nests ${depth} fields deep`],
    [aliases, limits.aliases, `has ${aliases} aliases`],
    [fields, limits.rootFields, `has ${fields} root fields`],
    [directives, limits.directives, `has ${directives} directives`],
  ] as const;
  return counts.flatMap(([count, limit, predicate]) =>
    count > limit ? limitExceeded(`The operation ${predicate}; the limit is ${limit}.`) : [],
  );
}

function shapeOfOperation(
  operation: OperationDefinitionNode,
  fragments: Fragments,
  fragmentShapes: FragmentShapes,
): Shape {
  const shape = shapeOf(operation.selectionSet, fragments, fragmentShapes);
  const ofVariables = operation.variableDefinitions?.map(({ directives }) => directives?.length ?? 0) ?? [];
  const ownDirectives = [operation.directives?.length ?? 0, ...ofVariables];
  return { ...shape, directives: ownDirectives.reduce(add, shape.directives) };
}

function shapeOf({ selections }: SelectionSetNode, fragments: Fragments, fragmentShapes: FragmentShapes): Shape {
  return selections.reduce((total, selection) => {
    const shape = shapeOfSelection(selection, fragments, fragmentShapes);
    return {
      depth: Math.max(total.depth, shape.depth),
      aliases: add(total.aliases, shape.aliases),
      directives: add(total.directives, shape.directives),
      fields: add(total.fields, shape.fields),
    };
  }, EMPTY);
}

function shapeOfSelection(selection: SelectionNode, fragments: Fragments, fragmentShapes: FragmentShapes): Shape {
  const ownDirectives = selection.directives?.length ?? 0;
  if (selection.kind === Kind.FRAGMENT_SPREAD) {
    const shape = shapeOfFragment(selection.name.value, fragments, fragmentShapes);
    return { ...shape, directives: add(shape.directives, ownDirectives) };
  }
  const { depth, aliases, directives, fields } = selection.selectionSet
    ? shapeOf(selection.selectionSet, fragments, fragmentShapes)
    : EMPTY;
  if (selection.kind === Kind.INLINE_FRAGMENT)
    return { depth, aliases, directives: add(directives, ownDirectives), fields };
  return {
    depth: selection.name.value.startsWith('__') ? 1 : depth + 1,
    aliases: add(aliases, selection.alias ? 1 : 0),
    directives: add(directives, ownDirectives),
    fields: 1,
  };
}

function shapeOfFragment(name: string, fragments: Fragments, fragmentShapes: FragmentShapes): Shape {
  const cached = fragmentShapes.get(name);
  const fragment = fragments.get(name);
  if (cached || !fragment) return cached ?? EMPTY;
  // Ends the recursion on a cycle, which validation reports.
  fragmentShapes.set(name, EMPTY);
  const shape = shapeOf(fragment.selectionSet, fragments, fragmentShapes);
  const withOwnDirectives = { ...shape, directives: add(shape.directives, fragment.directives?.length ?? 0) };
  fragmentShapes.set(name, withOwnDirectives);
  return withOwnDirectives;
}

/** Adds counts. Fragments that double at each level would exceed the safe integers. */
function add(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER);
}
