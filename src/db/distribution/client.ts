import type { Client, QueryResult, Submittable } from 'pg';
import { OnceQuery, type QueryCallback, queryOnce } from '../query-once.ts';
import { withoutShards } from './errors.ts';
import { Router } from './router.ts';
import type { Session, Statement } from './session.ts';

type ClientClass = typeof Client;

/**
 * Returns a client class of the driver for a distributed database. A statement that names its workspace by a parameter runs on the node
 * that has the workspace's rows, and its result is that of the statement. All others are planned by Citus.
 * @param lockTimeoutMs of the sessions on other nodes, which do not have the settings of this one.
 */
export function distributedClientOf(base: ClientClass, lockTimeoutMs: number): ClientClass {
  const router = new Router(lockTimeoutMs);

  return class extends base {
    readonly #session: Session = {
      send: (statement, timeoutMs, settings = {}) =>
        timeoutMs === undefined
          ? super.query(statement)
          : queryOnce({ query: (query) => super.query(query) }, statement, timeoutMs, settings),
      submit: (query) => void super.query(query),
      isInTransaction: () => this.getTransactionStatus() !== 'I',
    };
    /** Ends with the statement that was sent last. The driver sends statements in order; some of these take several. */
    #last: Promise<unknown> = Promise.resolve();

    // The driver's `query` has a dozen overloads, which all start with the statement and its values.
    override query = ((...args: unknown[]) => {
      const { statement, timeoutMs, callback } = toRequest(args);
      if (!statement) return super.query(args[0] as Submittable);
      const result = this.#last.then(() => this.#run(statement, timeoutMs));
      this.#last = result.catch(() => {});
      if (!callback) return result;
      result.then(
        (rows) => callback(null, rows),
        (error: Error) => callback(error),
      );
      return undefined;
    }) as Client['query'];

    async #run(statement: Statement, timeoutMs: number | undefined): Promise<QueryResult> {
      try {
        return await router.run(statement, this.#session, timeoutMs);
      } catch (error) {
        throw withoutShards(error);
      }
    }
  };
}

interface Request {
  /** Undefined for an object that submits itself, such as a Close message. */
  statement?: Statement;
  timeoutMs?: number;
  callback?: QueryCallback | undefined;
}

/** Reads the arguments of the driver's `query`. */
function toRequest([first, second, third]: unknown[]): Request {
  if (first instanceof OnceQuery) return first;
  const callback = [second, third].find((argument) => typeof argument === 'function') as QueryCallback | undefined;
  const values = Array.isArray(second) ? second : undefined;
  if (typeof first === 'string') return { statement: { text: first, ...(values && { values }) }, callback };
  if (typeof first !== 'object' || first === null || !('text' in first) || 'submit' in first) return { callback };
  const statement = first as Statement;
  return { statement: values ? { ...statement, values } : statement, callback };
}
