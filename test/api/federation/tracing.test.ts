import { Trace } from '@apollo/usage-reporting-protobuf';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startApp } from '../../kit/app.ts';
import { post } from '../../kit/http.ts';
import { seedDevices, seedUsers, tens } from '../../kit/seed-rows.ts';
import { schemaFields } from '../../kit/walk-schema.ts';

const resolvers = () => schemaFields.map(({ field }) => field.resolve);

/** The resolvers before a server is created. */
const originalResolvers = resolvers();

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ limits: { aliases: 500 } });
  await seedUsers(app, tens(30));
  await seedDevices(app, tens(30));
});
afterAll(() => app[Symbol.asyncDispose]());

const responseBody = z.object({ data: z.unknown(), extensions: z.object({ ftv1: z.string() }).optional() });

/** Sends a query; by default with the header of a router that requests a trace. */
async function sendQuery(
  query: string,
  headers: Record<string, string> = { 'apollo-federation-include-trace': 'ftv1' },
) {
  const response = await post(app, JSON.stringify({ query }), { headers });
  const { data, extensions } = responseBody.parse(response.json());
  return { status: response.statusCode, data, trace: extensions && decode(extensions.ftv1) };
}

const decode = (ftv1: string) => Trace.toObject(Trace.decode(Buffer.from(ftv1, 'base64')), { longs: Number });

it('returns the duration of every field to a router that requests a trace', async () => {
  const { trace, data } = await sendQuery('{ users(first: 2) { nodes { uid mail: email devices { token } } } }');
  expect(data).toMatchObject({ users: { nodes: { length: 2 } } });
  const [users] = trace?.root.child ?? [];
  expect(users).toMatchObject({ responseName: 'users', type: 'UserConnection!', parentType: 'Query' });
  const [first, second] = users.child[0].child;
  expect([first.index, second.index]).toEqual([0, 1]);
  expect(first.child).toMatchObject([
    { responseName: 'uid', type: 'String!' },
    { responseName: 'mail', originalFieldName: 'email' },
    { responseName: 'devices', child: [{ index: 0 }] },
  ]);
  expect(users.endTime).toBeGreaterThan(users.startTime);
  expect(trace?.durationNs).toBeGreaterThanOrEqual(users.endTime);
});

it.each<Record<string, string>>([{}, { 'apollo-federation-include-trace': 'ftv2' }])(
  'returns no trace with the headers %o',
  async (headers) => {
    const { status, trace } = await sendQuery('{ users { nodes { uid } } }', headers);
    expect({ status, trace }).toEqual({ status: 200, trace: undefined });
  },
);

it('does not change the resolvers of requests without a trace', async () => {
  await sendQuery('{ users { nodes { uid } } }');
  expect(resolvers()).toEqual(originalResolvers);
});

it('returns the traces of large pages', async () => {
  const fields = Array.from({ length: 500 }, (_, number) => `f${number}: email`).join(' ');
  const { status, trace } = await sendQuery(`{ users(first: 30) { nodes { ${fields} } } }`);
  expect(status).toBe(200);
  expect(trace?.root.child[0].child[0].child).toHaveLength(30);
});

it('does not reveal the cause of a masked error', async () => {
  await using broken = await startApp({ ownDatabase: true });
  await broken.db.$executeRaw`ALTER TABLE users RENAME COLUMN email TO hidden`;
  const headers = { 'apollo-federation-include-trace': 'ftv1' };
  const response = await post(broken, JSON.stringify({ query: '{ users { nodes { email } } }' }), { headers });
  const { extensions } = responseBody.parse(response.json());
  const text = Buffer.from(extensions?.ftv1 ?? '', 'base64').toString('latin1');
  expect(text).toContain('The field failed; see the errors in the response.');
  expect(text).not.toMatch(/users\.email|hidden|Raw query|prisma/);
});

it('traces rejected operations', async () => {
  const headers = { 'apollo-federation-include-trace': 'ftv1', authorization: app.publicKey };
  const response = await post(app, JSON.stringify({ query: '{ users { nodes { uid } } }' }), { headers });
  expect(response.json()).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN' } }],
    extensions: { ftv1: expect.any(String) },
  });
});
