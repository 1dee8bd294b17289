import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../context.ts';
import { complexityOf, checkComplexity } from './complexity.ts';
import { createSizesCheck } from './input-sizes.ts';
import type { GraphQLLimits } from './limits.ts';
import { pointsOf, chargeMutation } from './rate.ts';
import { checkScopes } from './scopes.ts';
import { coerceVariables, withCoercedVariables } from './variables.ts';

/** What pays for a request. */
export interface Charging {
  /** Takes further points for the request. @throws {RateLimitedError} */
  charge(points: number): Promise<void>;
  /** Adds work of the request that becomes known: as many times as much as one that reads one row. */
  addWork(work: number): void;
}

/**
 * Complexity that is as much work as a single read: a page of 30 users with all about them, complexity 241, takes nine times
 * the CPU of one user (docs/performance.md). A write is as much work again as a read.
 */
const COMPLEXITY_OF_ONE_READ = 30;

/** Refuses subscriptions, of which there are none: one would be answered as if it had been begun, and otherwise by each lane. */
function checkOperationType({ schema, document, operationName }: ExecutionArgs): GraphQLError | undefined {
  const operation = getOperationAST(document, operationName);
  if (!operation || schema.getRootType(operation.operation)) return undefined;
  return new GraphQLError(`There is no ${operation.operation} in the schema.`, {
    nodes: operation,
    extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } },
  });
}

/**
 * Checks every operation before anything of it is executed, in this order: its type, the size of its inputs, the scopes that
 * its fields require, its variables, its complexity, and the points of a mutation. The checks see the whole operation, like a
 * validation rule, but depend on the variables and the viewer, while the results of validation are cached by document. Only
 * mutations have to wait for a check.
 *
 * Variables are coerced here, once, by graphql-js: what is executed is a form of the document that takes them as they are.
 */
export function operationChecks(limits: GraphQLLimits): Plugin<Context & Charging> {
  const checkInputSizes = createSizesCheck(limits);
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const { viewer, charge, addWork } = args.contextValue;
      const refuse = (error: GraphQLError | undefined) => {
        if (error) setResultAndStopExecution({ errors: [error] });
      };
      const tooEarly = checkOperationType(args) ?? checkInputSizes(args);
      if (tooEarly) return refuse(tooEarly);
      const coerced = coerceVariables(args);
      const values = coerced.errors ? undefined : coerced.values;
      const forbidden = checkScopes(args, values, viewer.scopes);
      if (forbidden) return refuse(forbidden);
      if (coerced.errors) return setResultAndStopExecution({ errors: coerced.errors });
      const complexity = complexityOf(args);
      const tooComplex = checkComplexity(complexity, limits.complexity);
      if (tooComplex) return refuse(tooComplex);
      addWork(complexity / COMPLEXITY_OF_ONE_READ + pointsOf(args).points);
      const charged = chargeMutation(args, charge);
      args.document = withCoercedVariables(args);
      args.variableValues = coerced.values;
      return charged?.then(refuse);
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = checkOperationType(args);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
  };
}
