import { type DocumentNode, GraphQLError, Lexer, type ParseOptions, parse, Source, TokenKind } from 'graphql';
import { limitExceeded } from './limits.ts';

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
