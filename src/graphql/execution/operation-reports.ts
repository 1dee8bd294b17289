import { hash } from 'node:crypto';
import {
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  getOperationAST,
  OperationTypeNode,
} from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { type OperationMessage, operationChannel, rejectionChannel } from '../../telemetry/channels.ts';
import { codeOf } from '../errors.ts';

/** What is known of the operation of a request while it is processed. */
export interface OperationFacts {
  /** Durations in ms; 0 if the result was cached. */
  parseMs: number;
  validateMs: number;
  /** Its complexity; 0 until it is computed. */
  cost: number;
  /** Whether it has been reported, or its request as rejected. */
  isReported: boolean;
  /** Set if `DocumentTimeLimit` rejected its document, which Yoga's handler parses again after `executeDirectly`. */
  documentTimeError?: unknown;
}

/** The part of a request's context that operations are reported from. */
export interface OperationReporting {
  operation: OperationFacts;
}

/** Facts of an operation that has not been parsed yet. */
export const noFacts = (): OperationFacts => ({ parseMs: 0, validateMs: 0, cost: 0, isReported: false });

type Args = ExecutionArgs & { contextValue: OperationReporting };

/** An operation of a request. A class, since an object literal with a getter takes ten times as long to create. */
class ReportedOperation implements OperationMessage {
  readonly type: OperationMessage['type'];
  readonly name: string | undefined;
  readonly cost: number;
  readonly parseMs: number;
  readonly validateMs: number;
  readonly #text: string;

  constructor(text: string, type: OperationMessage['type'], name: string | undefined, facts: OperationFacts) {
    this.#text = text;
    this.type = type;
    this.name = name;
    this.cost = facts.cost;
    this.parseMs = facts.parseMs;
    this.validateMs = facts.validateMs;
  }

  get hash(): string {
    return hash('sha256', this.#text, 'hex');
  }
}

/** Describes an operation. @returns undefined if the document does not define it, or the schema not its type. */
function describe(
  { document, operationName, contextValue }: Args,
  persisted: ReadonlySet<string>,
): OperationMessage | undefined {
  const node = getOperationAST(document, operationName);
  // The schema has no subscriptions.
  if (!node || node.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
  const text = document.loc?.source.body ?? '';
  const name = persisted.has(text) ? node.name?.value : undefined;
  return new ReportedOperation(text, node.operation, name, contextValue.operation);
}

/**
 * Reports each operation from the start of its execution. Register it as the last plugin that sets how operations are executed.
 * @param persisted texts of the persisted operations, whose names are not chosen by callers.
 */
export function reportExecutions(persisted: ReadonlySet<string>): Plugin<OperationReporting> {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      if (!operationChannel.hasSubscribers) return;
      const message = describe(args, persisted);
      args.contextValue.operation.isReported = true;
      // The executor rejects the request, whose document does not define the operation.
      if (!message) return publishRejection('BAD_USER_INPUT', args.contextValue.operation);
      setExecuteFn((executionArgs: ExecutionArgs) =>
        operationChannel.follow(message, async () => {
          const result: ExecutionResult | AsyncIterable<unknown> = await executeFn(executionArgs);
          if (isAsyncIterable(result) || !result.errors) return result;
          message.errorCodes = result.errors.map(codeOf);
          message.causes = result.errors.map(({ originalError }) => originalError);
          return result;
        }),
      );
    },
  };
}

/** Reports an operation that is rejected before it is executed. @param persisted as for `reportExecutions`. */
export function reportRejected(args: Args, errors: readonly GraphQLError[], persisted: ReadonlySet<string>): void {
  const message = operationChannel.hasSubscribers && describe(args, persisted);
  if (!message) return;
  args.contextValue.operation.isReported = true;
  operationChannel.publish(Object.assign(message, { isRejected: true, errorCodes: errors.map(codeOf) }));
}

function publishRejection(code: string, { parseMs, validateMs }: OperationFacts): void {
  rejectionChannel.publish({ code, parseMs, validateMs });
}

/**
 * Reports the requests that are rejected before their operation is known. Register it before the plugin that presents errors.
 */
export const rejectionReports: Plugin<object, OperationReporting> = {
  onResultProcess({ result, serverContext: { operation } }) {
    if (!rejectionChannel.hasSubscribers || operation.isReported) return;
    if (Array.isArray(result) || isAsyncIterable(result)) return;
    const [error] = result.errors ?? [];
    if (!error) return;
    operation.isReported = true;
    publishRejection(codeOf(error), operation);
  },
};
