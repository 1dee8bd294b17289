import { factsOf } from './errors.ts';

/** How long in ms a statement may run and wait. */
export interface Waits {
  /** The statement itself, in the database. */
  statementMs: number;
  /** For a lock. */
  lockMs: number;
  /** For a free connection; then the request fails as unavailable. */
  poolWaitMs: number;
}

/** How PostgreSQL, whose SQLSTATEs do not tell enough, and the driver say that a wait was too long; and how callers are told. */
const exceeded: readonly [said: RegExp, limit: keyof Waits, told: string][] = [
  [/due to statement timeout/, 'statementMs', 'A statement was not done'],
  [/due to lock timeout/, 'lockMs', 'A lock that others held was not free'],
  [
    /timeout exceeded when trying to connect|timeout expired|due to connection timeout/,
    'poolWaitMs',
    'No connection to the database was free',
  ],
];

/** What callers are told of an error for which the database cannot serve: the limit, where a wait was longer. */
export function unavailability(error: unknown, waits: Waits): string {
  const { message } = factsOf(error);
  const wait = exceeded.find(([said]) => said.test(message));
  if (!wait) return 'The service is unavailable just now; try again later.';
  const [, limit, told] = wait;
  return `${told} within the limit of ${waits[limit]} ms; try again later.`;
}
