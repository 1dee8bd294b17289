import type { Plugin } from 'graphql-yoga';
import { limitExceeded } from '../checks/limits.ts';

/** What a document is refused with whose shape is more than the stack can hold. */
const tooNested = () => limitExceeded('The document nests deeper than can be read.');

const isOverflow = (error: unknown): boolean =>
  error instanceof RangeError && error.message === 'Maximum call stack size exceeded';

/**
 * Refuses documents on which graphql-js runs out of stack, as the fault of their sender that they are. Within the limit of
 * tokens there is room for a thousand lists in each other, which the parser descends into, and for fragments that spread
 * each other in ways that the rule about conflicting fields follows.
 */
export const stackGuard: Plugin = {
  onParse({ parseFn, setParseFn }) {
    setParseFn((...args: Parameters<typeof parseFn>) => {
      try {
        return parseFn(...args);
      } catch (error) {
        throw isOverflow(error) ? tooNested() : error;
      }
    });
  },
  onValidate({ validateFn, setValidationFn }) {
    setValidationFn((...args: Parameters<typeof validateFn>) => {
      try {
        return validateFn(...args);
      } catch (error) {
        if (isOverflow(error)) return [tooNested()];
        throw error;
      }
    });
  },
};
