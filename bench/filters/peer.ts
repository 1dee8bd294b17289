import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { lengthOfDuration } from '../../src/domain/filter/duration.ts';
import { encodeGlobalId } from '../../src/graphql/schema/global-id.ts';
import type { Contestant, ServerSettings } from '../contestants/contestant.ts';
import { postgraphile } from '../contestants/postgraphile.ts';
import { startServer } from '../contestants/server-process.ts';
import { usergraph } from '../contestants/usergraph.ts';
import { FILL_END } from '../database/ids.ts';
import { postgraphileQuestions } from './postgraphile-questions.ts';
import { type Question, questions } from './questions.ts';
import { alternate, type Execute, type Timing } from './time.ts';

/** The first page of a question over HTTP, at one connection. */
export interface PeerTimings {
  usergraph: Timing;
  postgraphile: Timing;
}

/** Asks both servers a question; undefined if PostGraphile cannot express it. */
export type ComparePeer = (question: Question) => Promise<PeerTimings | undefined>;

const PAGE_SIZE = 30;
/** Maximum duration of a query of PostGraphile in ms, as that of usergraph's; and that of the whole request. */
const QUERY_MS = 2_000;
const REQUEST_MS = 10_000;

const fields =
  'uid uidUpdateable firstName lastName number email isAccount timeZone appVersion appBuild meta createdAt updatedAt';

const usergraphDocument = `query Users($where: UserFilter, $orderBy: UserOrder) {
  users(first: ${PAGE_SIZE}, where: $where, orderBy: $orderBy) { nodes { ${fields} } pageInfo { hasNextPage endCursor } }
}`;

const postgraphileDocument = `query Users($filter: UserFilter, $orderBy: [UserOrderBy!]) {
  users: allUsers(first: ${PAGE_SIZE}, filter: $filter, orderBy: $orderBy) { nodes { ${fields} } pageInfo { hasNextPage endCursor } }
}`;

const page = z.object({ data: z.object({ users: z.object({ nodes: z.array(z.object({ uid: z.string() })) }) }) });

const filtering: Contestant = {
  ...postgraphile,
  environment: (settings) => ({ ...postgraphile.environment(settings), FILTERS: '1', FILTER_MS: String(QUERY_MS) }),
};

/**
 * Starts usergraph and PostGraphile with its connection-filter plugin, each as a process of its own.
 * @param stack disposes of them.
 */
export async function startPeer(settings: ServerSettings, stack: AsyncDisposableStack): Promise<ComparePeer> {
  const unknown = Object.keys(postgraphileQuestions).filter((name) => !questions.some((each) => each.name === name));
  if (unknown.length > 0) throw new Error(`postgraphile-questions.ts has other names than questions.ts: ${unknown}`);
  const ours = stack.use(await startServer(usergraph, settings));
  const theirs = stack.use(await startServer(filtering, settings));
  return async (question) => {
    const equivalent = postgraphileQuestions[question.name];
    if (!equivalent) return undefined;
    const { filter = {}, orderBy = ['ROW_ID_DESC'] } = equivalent;
    const workspaceId = { equalTo: settings.workspaceId };
    return await alternate(question.name, {
      usergraph: requestOf(ours.url, usergraph.headers, usergraphDocument, {
        where: question.where && toGraphQL(question.where),
        orderBy: question.orderBy,
      }),
      postgraphile: requestOf(theirs.url, {}, postgraphileDocument, { filter: { ...filter, workspaceId }, orderBy }),
    });
  };
}

/** One connection for each server. Node's `fetch` would take about as long as the servers. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function requestOf(
  url: string,
  headers: Record<string, string> | undefined,
  query: string,
  variables: object,
): Execute {
  const body = JSON.stringify({ query, variables });
  const options = {
    agent,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
      ...headers,
    },
  };
  return async () => {
    const sent = request(url, { ...options, signal: AbortSignal.timeout(REQUEST_MS) }).end(body);
    // `once` rejects with the error of the request.
    const [response]: IncomingMessage[] = await once(sent, 'response');
    const answer = response ? await text(response) : '';
    const parsed = page.safeParse(JSON.parse(answer));
    if (!parsed.success) throw new Error(answer.slice(0, 500));
    return parsed.data.data.users.nodes.map(({ uid }) => uid);
  };
}

/** A filter as the GraphQL API takes it: with global ids, and relative to the end of the fill. */
function toGraphQL(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toGraphQL);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      if (key === 'listIds') return [[key, part.map((id: string) => encodeGlobalId('List', id))]];
      if (key === 'segmentIds') return [[key, part.map((id: string) => encodeGlobalId('Segment', id))]];
      if (key !== 'within') return [[key, toGraphQL(part)]];
      return [
        ['since', new Date(FILL_END - lengthOfDuration(part))],
        ['until', new Date(FILL_END)],
      ];
    }),
  );
}
