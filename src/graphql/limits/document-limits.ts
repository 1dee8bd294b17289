import { parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type GraphQLLimits, limitExceeded } from './limits.ts';
import { refuseForShape } from './shape.ts';

/** Refuses documents that are too long, too deep or too wide, before they are validated. */
export function documentLimits(limits: GraphQLLimits): Plugin {
  const { documentCharacters, tokens } = limits;
  return {
    onParams({ params, setResult }) {
      const characters = params.query?.length ?? 0;
      if (characters <= documentCharacters) return;
      const message = `The document has ${characters} characters; the limit is ${documentCharacters}.`;
      setResult({ errors: [limitExceeded(message)] });
    },
    onParse({ setParseFn }) {
      setParseFn((source: string, options: object) => parse(source, { ...options, maxTokens: tokens }));
    },
    onValidate({ validateFn, setValidationFn }) {
      setValidationFn((schema, document, ...more) => {
        const errors = refuseForShape(document, limits);
        return errors.length > 0 ? errors : validateFn(schema, document, ...more);
      });
    },
  };
}
