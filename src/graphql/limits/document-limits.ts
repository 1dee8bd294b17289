import type { GraphQLError, ParseOptions } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type GraphQLLimits, limitExceeded } from './limits.ts';
import { parseWithin } from './parse-within.ts';
import { refuseForShape } from './shape.ts';

/** Refuses a document of more characters than the limit. */
export function refuseForLength({ length }: string, limit: number): GraphQLError | undefined {
  return length > limit ? limitExceeded(`The document has ${length} characters; the limit is ${limit}.`) : undefined;
}

/** Refuses documents that are too long, too deep or too wide, before they are validated. */
export function documentLimits(limits: GraphQLLimits): Plugin {
  const { documentCharacters, tokens } = limits;
  return {
    onParams({ params, setResult }) {
      const error = refuseForLength(params.query ?? '', documentCharacters);
      if (error) setResult({ errors: [error] });
    },
    onParse({ setParseFn }) {
      setParseFn((source: string, options?: ParseOptions) => parseWithin(tokens, source, options));
    },
    onValidate({ validateFn, setValidationFn }) {
      setValidationFn((schema, document, ...more) => {
        const errors = refuseForShape(document, limits);
        return errors.length > 0 ? errors : validateFn(schema, document, ...more);
      });
    },
  };
}
