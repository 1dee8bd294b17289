import { GraphQLScalarType } from 'graphql';
import type { MercuriusContext } from 'mercurius';
import type { Pool } from 'pg';

export const schema = `
  scalar DateTime
  scalar JSON
  enum DevicePlatform { android ios web }
  type Device { platform: DevicePlatform! lastSeenAt: DateTime! }
  type Event { name: String! value: JSON properties: JSON! timestamp: DateTime! }
  type Events { nodes: [Event!]! }
  type User {
    id: ID!
    uid: String!
    firstName: String
    lastName: String
    email: String
    meta: JSON!
    createdAt: DateTime!
    devices: [Device!]!
    events(first: Int!): Events!
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Users { nodes: [User!]! pageInfo: PageInfo! totalCount: Int! }
  type Query {
    user(uid: String!): User
    users(first: Int!, after: String): Users!
  }
`;

declare module 'mercurius' {
  interface MercuriusContext {
    pool: Pool;
    workspaceId: string;
  }
}

interface User {
  id: string;
}

interface Page {
  nodes: User[];
  pageInfo: { hasNextPage: boolean; endCursor: string | undefined };
}

/** Greater than any user's id. */
const MAX_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const userColumns = `id, uid, first_name AS "firstName", last_name AS "lastName", email, meta, created_at AS "createdAt"`;

async function select<Row extends object>(
  { pool, workspaceId }: MercuriusContext,
  name: string,
  text: string,
  ...values: unknown[]
): Promise<Row[]> {
  return (await pool.query<Row>({ name, text, values: [workspaceId, ...values] })).rows;
}

export const resolvers = {
  DateTime: new GraphQLScalarType({
    name: 'DateTime',
    serialize: (value) => (value instanceof Date ? value.toISOString() : value),
  }),
  JSON: new GraphQLScalarType({ name: 'JSON' }),
  Query: {
    user: async (_root: unknown, { uid }: { uid: string }, context: MercuriusContext) =>
      (
        await select<User>(
          context,
          'user',
          `SELECT ${userColumns} FROM users WHERE workspace_id = $1 AND uid = $2`,
          uid,
        )
      )[0],
    users: async (_root: unknown, { first, after }: { first: number; after?: string }, context: MercuriusContext) => {
      const users = await select<User>(
        context,
        'users',
        `SELECT ${userColumns} FROM users WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
        after ?? MAX_ID,
        first + 1,
      );
      const nodes = users.slice(0, first);
      return { nodes, pageInfo: { hasNextPage: users.length > first, endCursor: nodes.at(-1)?.id } } satisfies Page;
    },
  },
  Users: {
    totalCount: async (_page: unknown, _args: unknown, context: MercuriusContext) => {
      const text = 'SELECT count(*)::int AS count FROM users WHERE workspace_id = $1';
      return (await select<{ count: number }>(context, 'count', text))[0]?.count;
    },
  },
};

/** A field of a user, for each of the users of a page. */
interface Query<Args = object> {
  obj: User;
  params: Args;
}

const byUser = <Row extends { userId: string }>(queries: readonly Query[], rows: readonly Row[]): Row[][] => {
  const groups = Map.groupBy(rows, ({ userId }) => userId);
  return queries.map(({ obj }) => groups.get(obj.id) ?? []);
};

export const loaders = {
  User: {
    devices: async (queries: readonly Query[], context: MercuriusContext) => {
      const rows = await select<{ userId: string }>(
        context,
        'devices',
        `SELECT user_id AS "userId", platform, last_seen_at AS "lastSeenAt" FROM devices
        WHERE workspace_id = $1 AND user_id = ANY($2) ORDER BY last_seen_at DESC`,
        queries.map(({ obj }) => obj.id),
      );
      return byUser(queries, rows);
    },
    events: async (queries: readonly Query<{ first: number }>[], context: MercuriusContext) => {
      const rows = await select<{ userId: string }>(
        context,
        'events',
        `SELECT owner.id AS "userId", name, value, properties, timestamp
        FROM unnest($2::uuid[]) AS owner(id) CROSS JOIN LATERAL (
          SELECT * FROM events WHERE workspace_id = $1 AND user_id = owner.id ORDER BY id DESC LIMIT $3
        ) AS newest`,
        queries.map(({ obj }) => obj.id),
        queries[0]?.params.first,
      );
      return byUser(queries, rows).map((nodes) => ({ nodes }));
    },
  },
};
