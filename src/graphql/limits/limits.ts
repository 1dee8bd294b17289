import { GraphQLError } from 'graphql';

/** How much one operation may ask for. docs/limits.md tells what each of them counts. */
export interface GraphQLLimits {
  documentCharacters: number;
  tokens: number;
  depth: number;
  aliases: number;
  rootFields: number;
  directives: number;
  complexity: number;
  /** Ids of one `nodes`. */
  nodes: number;
  /** Representations of one `_entities`. */
  entities: number;
  /** Items of any other list of an input. */
  inputItems: number;
}

/** Refuses an operation before it is executed. */
export function limitExceeded(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', http: { spec: true, status: 400 } } });
}
