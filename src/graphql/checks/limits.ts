import { GraphQLError } from 'graphql';

/** How much one operation may ask for. docs/limits.md tells what each of them counts. */
export interface GraphQLLimits {
  /** Characters of a document, comments included. */
  documentCharacters: number;
  /** Tokens of a document. */
  tokens: number;
  /** Nesting of fields, with fragments flattened. */
  depth: number;
  /** Fields with an alias, wherever they are spread. */
  aliases: number;
  /** Fields of the root. */
  rootFields: number;
  /** Directives, wherever they are spread. */
  directives: number;
  /** What an operation costs. */
  complexity: number;
  /** Ids of one `nodes`. */
  nodes: number;
  /** Representations of one `_entities`. */
  entities: number;
  /** Items of any other list of an input. */
  inputItems: number;
  /** Bytes of the documents that a process remembers. */
  documentCacheBytes: number;
  /** Bytes of the queries that a process has compiled. */
  compiledCacheBytes: number;
  /** Milliseconds a second that new documents of one caller may take to parse and validate; 0: no limit. */
  documentMs: number;
}

/** Refuses an operation before it is executed. */
export function limitExceeded(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', http: { spec: true, status: 400 } } });
}
