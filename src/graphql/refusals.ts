import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from './context.ts';
import { complexityOf, refuseForComplexity } from './limits/complexity.ts';
import { createSizesCheck } from './limits/input-sizes.ts';
import type { GraphQLLimits } from './limits/limits.ts';
import { refuseForRate } from './rate.ts';
import { refuseForScopes } from './scopes.ts';

/** What pays for a request. */
export interface Charging {
  /** Takes further points for the request. @throws {RateLimitedError} */
  charge(points: number): Promise<void>;
  /** Says how much work the request is: as many times as much as one that reads one row. */
  weigh(work: number): void;
}

/** A page of 30 users with all about them, complexity 241, takes nine times the CPU of a single user (docs/performance.md). */
const COMPLEXITY_OF_ONE_READ = 30;

/** Refuses subscriptions, of which there are none: one would be answered as if it had been begun, and otherwise by each lane. */
function refuseForType({ schema, document, operationName }: ExecutionArgs): GraphQLError | undefined {
  const operation = getOperationAST(document, operationName);
  if (!operation || schema.getRootType(operation.operation)) return undefined;
  return new GraphQLError(`There is no ${operation.operation} in the schema.`, {
    nodes: operation,
    extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } },
  });
}

/**
 * Refuses operations of a type that there is not, whose inputs are too large, for whose fields the viewer lacks a scope,
 * that cost too much, and those that write more than the key may. All look at the whole operation before any of it is
 * executed, like a validation rule; but they depend on the variables and the viewer, while the results of validation are
 * kept by document. Mutations alone have something to wait for.
 */
export function refusals(limits: GraphQLLimits): Plugin<Context & Charging> {
  const refuseForSizes = createSizesCheck(limits);
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const { viewer, charge, weigh } = args.contextValue;
      const refuse = (error: GraphQLError | undefined) => {
        if (error) setResultAndStopExecution({ errors: [error] });
      };
      const complexity = complexityOf(args);
      const error =
        refuseForType(args) ??
        refuseForSizes(args) ??
        refuseForScopes(args, viewer.scopes) ??
        refuseForComplexity(complexity, limits.complexity);
      if (!error) weigh(1 + complexity / COMPLEXITY_OF_ONE_READ);
      const charged = error ? undefined : refuseForRate(args, charge);
      if (charged) return charged.then(refuse);
      refuse(error);
      return undefined;
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = refuseForType(args);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
  };
}
