import { GraphQLError } from 'graphql';
import type { FilterLimits } from '../../domain/users/filter/size.ts';

/** Limits of one operation, and of the caches for documents. docs/limits.md explains what each of them counts. */
export interface GraphQLLimits extends FilterLimits {
  /** Characters of a document, including comments. */
  documentCharacters: number;
  /** Tokens of a document. */
  tokens: number;
  /** Nesting of fields, with fragments expanded. */
  depth: number;
  /** Fields with an alias, with fragments expanded. */
  aliases: number;
  /** Root fields. */
  rootFields: number;
  /** Directives, with fragments expanded. */
  directives: number;
  /** Complexity of an operation. */
  complexity: number;
  /** Ids of one `nodes` field. */
  nodes: number;
  /** Representations of one `_entities` field. */
  entities: number;
  /** Items of any other list in an input. */
  inputItems: number;
  /** Users of one bulk mutation. */
  bulkUsers: number;
  /** Events of one bulk mutation. */
  bulkEvents: number;
  /** Subscriptions of one bulk mutation. */
  bulkSubscriptions: number;
  /** Bytes of the body of a request without a bulk mutation. */
  bodyBytes: number;
  /** Bytes of the body of a request with a bulk mutation. */
  bulkBodyBytes: number;
  /** Bytes of the parsed documents that a process caches. */
  documentCacheBytes: number;
  /** Bytes of the documents that a process stores for automatic persisted queries; 0: not supported. */
  persistedQueryBytes: number;
  /** Bytes of the compiled queries that a process caches. */
  compiledCacheBytes: number;
  /** CPU time in ms per second in which new documents of one caller may be parsed and validated; 0: no limit. */
  documentMs: number;
}

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** Complexity of the field without its selections, if the default of `complexity.ts` does not fit. */
    cost?: number;
    /** The argument with a filter for users, or the path of the filter within it: `where`, `input.where`. */
    filter?: string;
    /** The objects that the field reads. */
    reads?: {
      /** The argument that lists them. */
      argument: string;
      /** The limit of its items. */
      limit: keyof Pick<GraphQLLimits, 'nodes' | 'entities'>;
      /** Returns the same key for items that name the same object; by default the item itself. */
      keyOf?: (item: unknown) => unknown;
    };
    /** The path of the list in the arguments of a bulk mutation, each item of which counts as a write: `input.events`. */
    writes?: string;
  }

  interface GraphQLInputFieldExtensions {
    /** The limit of the items of a list, if it is not `inputItems`. */
    itemLimit?: keyof Pick<GraphQLLimits, 'bulkUsers' | 'bulkEvents' | 'bulkSubscriptions'>;
  }
}

/** The error for an operation that exceeds a limit. */
export function limitExceeded(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', http: { spec: true, status: 400 } } });
}
