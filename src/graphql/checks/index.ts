import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { COMPLEXITY_PER_UNIT_OF_WORK, WORK_PER_WRITE } from '../../http/limits/load-shedding.ts';
import type { ResponseBudget } from '../../http/limits/unread-responses.ts';
import type { Context } from '../context.ts';
import { type OperationReporting, reportRejected } from '../execution/operation-reports.ts';
import { checkComplexity, estimate, maxDataBytes } from './complexity.ts';
import { createFilterCheck } from './filters.ts';
import { createInputSizesCheck } from './input-sizes.ts';
import type { GraphQLLimits } from './limits.ts';
import { chargeOperation, isBulk, pointsOf } from './rate.ts';
import { checkScopes } from './scopes.ts';
import { coerceVariables, withCoercedVariables } from './variables.ts';

/** Accounts for the points and the work of a request. */
export interface Charging {
  /** Charges further rate-limit points, as `Charge` does. */
  charge(points: number): Promise<void> | undefined;
  /** Adds work for load shedding, in units of a request that reads one row. */
  addWork(work: number): void;
  /** The memory that the response may take. */
  responseBudget: ResponseBudget;
  /** The size of the request's body. */
  bodyBytes: number;
}

type CheckedContext = Context & Charging & OperationReporting;
type CheckedArgs = ExecutionArgs & { contextValue: CheckedContext };
type Errors = readonly GraphQLError[];

/** Checks an operation. @returns undefined if it may be executed. */
type OperationCheck = (args: CheckedArgs) => Errors | undefined | Promise<Errors | undefined>;

/** Rejects operations whose type the schema does not have: executors disagree about them. */
function checkOperationType({ schema, document, operationName }: ExecutionArgs): GraphQLError | undefined {
  const operation = getOperationAST(document, operationName);
  if (!operation || schema.getRootType(operation.operation)) return undefined;
  return new GraphQLError(`The schema does not support ${operation.operation} operations.`, {
    nodes: operation,
    extensions: { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } },
  });
}

/** The limit that the HTTP server applies is that of bulk mutations, before it knows the operation. */
function checkBodySize(args: CheckedArgs, { bodyBytes: limit }: GraphQLLimits): GraphQLError | undefined {
  const { bodyBytes } = args.contextValue;
  if (bodyBytes <= limit || isBulk(args)) return undefined;
  return new GraphQLError(`The body must have at most ${limit} bytes; got ${bodyBytes}.`, {
    extensions: { code: 'LIMIT_EXCEEDED', http: { status: 413 } },
  });
}

/**
 * Creates the single check of all operations, regardless of type and executor. It runs before any part of the operation is
 * executed, in this order: operation type, filters, input sizes, scopes, variables, complexity, rate-limit points. Like validation
 * rules, the checks see the whole operation; they are not validation rules because they depend on the variables and the viewer,
 * while results of validation are cached per document. Only the points of a mutation are awaited.
 *
 * It coerces the variables, once, with graphql-js, and replaces the document with one that accepts coerced variables.
 */
function createOperationCheck(limits: GraphQLLimits): OperationCheck {
  const checkFilters = createFilterCheck(limits);
  const checkInputSizes = createInputSizesCheck(limits);
  return (args) => {
    const { viewer, charge, addWork, operation } = args.contextValue;
    const error =
      checkOperationType(args) ?? checkBodySize(args, limits) ?? checkFilters(args) ?? checkInputSizes(args);
    if (error) return [error];
    const coerced = coerceVariables(args);
    const forbidden = checkScopes(args, coerced.errors ? undefined : coerced.values, viewer.scopes);
    if (forbidden) return [forbidden];
    if (coerced.errors) return coerced.errors;
    const estimated = estimate(args);
    operation.cost = estimated.complexity;
    const tooComplex = checkComplexity(estimated, limits.complexity);
    if (tooComplex) return [tooComplex];
    args.contextValue.responseBudget.maxBytes = maxDataBytes(args);
    addWork(estimated.objects / COMPLEXITY_PER_UNIT_OF_WORK + WORK_PER_WRITE * pointsOf(args));
    const charging = chargeOperation(args, charge);
    args.document = withCoercedVariables(args);
    args.variableValues = coerced.values;
    return charging?.then((rateLimited) => rateLimited && [rateLimited]);
  };
}

/**
 * Runs the check for queries and mutations (`onExecute`) and for subscriptions (`onSubscribe`).
 * @param persisted texts of the persisted operations, which are reported with their names.
 */
export function operationChecks(limits: GraphQLLimits, persisted: ReadonlySet<string>): Plugin<CheckedContext> {
  const check = createOperationCheck(limits);
  const hook = ({ args, setResultAndStopExecution }: HookPayload) => {
    const reject = (errors: Errors | undefined) => {
      if (!errors) return;
      reportRejected(args, errors, persisted);
      setResultAndStopExecution({ errors });
    };
    const errors = check(args);
    return errors instanceof Promise ? errors.then(reject) : reject(errors);
  };
  return { onExecute: hook, onSubscribe: hook };
}

interface HookPayload {
  args: CheckedArgs;
  setResultAndStopExecution(result: { errors: Errors }): void;
}
