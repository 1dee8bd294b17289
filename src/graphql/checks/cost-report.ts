import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { complexityOf } from './complexity.ts';

/** Whether an answer is to say what the operation costs. */
export interface CostReporting {
  reportsCost: boolean;
}

/** The header by which a caller asks for the cost, as they ask Hot Chocolate's servers. */
export const asksForCost = (headers: Readonly<Record<string, unknown>>): boolean =>
  headers['graphql-cost'] === 'report';

/** Adds to an answer, a refusal too, what the operation costs and may cost: `extensions.cost`. */
export function reportCost(limit: number): Plugin<CostReporting> {
  return {
    onExecute({ args }) {
      if (!args.contextValue.reportsCost) return undefined;
      const cost = { complexity: complexityOf(args), limit };
      return {
        onExecuteDone({ result, setResult }) {
          if (!isAsyncIterable(result)) setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
  };
}
