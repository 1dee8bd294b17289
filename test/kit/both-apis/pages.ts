import fc from 'fast-check';
import type { startApp, Tenant } from '../app.ts';
import { codeOf } from './apis.ts';
import { record } from './record.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** The next page of users to read: its size, and its side of the previous page. */
export interface Step {
  limit: unknown;
  to: 'next' | 'previous' | 'start';
}

/** A page as both APIs return it. */
export interface ReadPage {
  outcome: string;
  uids: unknown[];
  /** Cursors; undefined if there is no such page. */
  next?: unknown;
  previous?: unknown;
}

const START: ReadPage = { outcome: 'OK', uids: [] };

/** Reads a sequence of pages through an API. */
export async function walk(steps: readonly Step[], read: (step: Step, from: ReadPage) => Promise<ReadPage>) {
  const pages: ReadPage[] = [];
  let from = START;
  for (const step of steps) {
    const page = await read(step, from);
    pages.push(page);
    if (page.outcome === 'OK') from = page;
  }
  return pages.map(({ outcome, uids, next, previous }) => ({
    outcome,
    uids,
    hasNext: next !== undefined,
    hasPrevious: previous !== undefined,
  }));
}

/** Reads a page through the REST API. */
export const readThroughRest = ({ app }: App, tenant: Tenant) => {
  return async ({ limit, to }: Step, { next, previous }: ReadPage): Promise<ReadPage> => {
    const parameters = {
      limit,
      next_cursor: to === 'next' ? next : undefined,
      previous_cursor: to === 'previous' ? previous : undefined,
    };
    const query = Object.fromEntries(
      Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    );
    const response = await app.inject({ url: '/v1/users', query, headers: { authorization: tenant.owner } });
    const { code, data, next_cursor, previous_cursor } = record(response.json());
    const users = Array.isArray(data) ? data : [];
    return {
      outcome: String(code ?? 'OK'),
      uids: users.map(({ uid }) => uid),
      next: next_cursor,
      previous: previous_cursor,
    };
  };
};

const document = `query($first: Int, $after: String, $last: Int, $before: String) {
  users(first: $first, after: $after, last: $last, before: $before) {
    nodes { uid }
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
  }
}`;

/** Reads a page through the GraphQL API. */
export const readThroughGraphQL = ({ send }: App, tenant: Tenant) => {
  return async ({ limit, to }: Step, { next, previous }: ReadPage): Promise<ReadPage> => {
    const backward = to === 'previous' && previous !== undefined;
    const variables = backward
      ? { last: limit, before: previous }
      : { first: limit, after: to === 'next' ? next : undefined };
    const answer = await send(document, variables, tenant.owner);
    const { nodes, pageInfo } = record(record(answer.data).users);
    const { startCursor, endCursor, hasNextPage, hasPreviousPage } = record(pageInfo);
    return {
      outcome: codeOf('users', answer),
      uids: Array.isArray(nodes) ? nodes.map(({ uid }) => uid) : [],
      next: hasNextPage && endCursor !== null ? endCursor : undefined,
      previous: hasPreviousPage && startCursor !== null ? startCursor : undefined,
    };
  };
};

/** Sequences of pages of all sizes, some of them invalid. */
export const walks = fc.array(
  fc.record({
    limit: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 30 }) },
      { weight: 1, arbitrary: fc.constantFrom(undefined, 0, -1, 31, 2.5) },
    ),
    to: fc.constantFrom<Step['to'][]>('next', 'next', 'previous', 'start'),
  }),
  { minLength: 1, maxLength: 5 },
);
