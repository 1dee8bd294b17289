import fc from 'fast-check';
import type { startApp, Tenant } from '../app.ts';
import { codeOf } from './apis.ts';
import { record } from './record.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Which page of all users to read: how many, and on which side of the page before. */
export interface Step {
  limit: unknown;
  to: 'next' | 'previous' | 'start';
}

/** What both doors tell of a page, and where the pages beside it are. */
export interface ReadPage {
  outcome: string;
  uids: unknown[];
  /** Cursors; undefined where there is no such page. */
  next?: unknown;
  previous?: unknown;
}

const NOWHERE: ReadPage = { outcome: 'OK', uids: [] };

/** Reads one page after another through a door, from the first on. */
export async function walk(steps: readonly Step[], read: (step: Step, from: ReadPage) => Promise<ReadPage>) {
  const pages: ReadPage[] = [];
  let from = NOWHERE;
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

/** Reads a page through the REST door. */
export const readThroughRest = ({ app }: App, tenant: Tenant) => {
  return async ({ limit, to }: Step, { next, previous }: ReadPage): Promise<ReadPage> => {
    const asked = {
      limit,
      next_cursor: to === 'next' ? next : undefined,
      previous_cursor: to === 'previous' ? previous : undefined,
    };
    const query = Object.fromEntries(
      Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    );
    const answer = await app.inject({ url: '/v1/users', query, headers: { authorization: tenant.owner } });
    const { code, data, next_cursor, previous_cursor } = record(answer.json());
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

/** Reads a page through the GraphQL door. */
export const readThroughGraphQL = ({ send }: App, tenant: Tenant) => {
  return async ({ limit, to }: Step, { next, previous }: ReadPage): Promise<ReadPage> => {
    const backward = to === 'previous' && previous !== undefined;
    const asked = backward
      ? { last: limit, before: previous }
      : { first: limit, after: to === 'next' ? next : undefined };
    const answer = await send(document, asked, tenant.owner);
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

/** Walks over pages of all sizes, some of them faulty. */
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
