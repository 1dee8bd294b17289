import { getNamedType, isCompositeType, isObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { startApp } from '../../kit/app.ts';
import {
  rowGlobalId,
  seedDevices,
  seedEvents,
  seedListMembers,
  seedSegmentMembers,
  seedUsers,
  tens,
} from '../../kit/seed-rows.ts';

/** So many that their rows are read as arrays, of what is selected alone (`db/reading/columns.ts`). */
const users = tens(20);

const ids = JSON.stringify(users.map((number) => rowGlobalId('User', number)));
const representations = (count: number) =>
  `[${users.slice(0, count).map((number) => `{ __typename: "User", uid: "u${number}" }`)}]`;

/** Where rows of a type are read, by an operation that selects some fields of them. */
const places: [type: string, where: string, operation: (fields: string) => string][] = [
  ['User', 'Query.users', (fields) => `{ users(first: 30) { nodes { ${fields} } } }`],
  [
    'User',
    'edges',
    (fields) => `{ users(first: 30) { edges { cursor node { ...f } } } } fragment f on User { ${fields} }`,
  ],
  ['User', 'Query.user', (fields) => `{ user(uid: "u10") { ${fields} } }`],
  ['User', 'Query.nodes', (fields) => `{ nodes(ids: ${ids}) { ... on User { ${fields} } } }`],
  [
    'User',
    'few of _entities',
    (fields) => `{ _entities(representations: ${representations(3)}) { ... on User { ${fields} } } }`,
  ],
  [
    'User',
    '_entities',
    (fields) => `{ _entities(representations: ${representations(20)}) { ... on User { ${fields} } } }`,
  ],
  ['User', 'Event.user', (fields) => `{ users(first: 30) { nodes { events { nodes { user { ${fields} } } } } } }`],
  ['User', 'List.members', (fields) => `{ lists { nodes { members(first: 30) { edges { node { ${fields} } } } } } }`],
  ['User', 'Segment.members', (fields) => `{ segments { nodes { members(first: 30) { nodes { ${fields} } } } } }`],
  ['ListMemberEdge', 'List.members', (fields) => `{ lists { nodes { members(first: 30) { edges { ${fields} } } } } }`],
  ['Event', 'User.events', (fields) => `{ users(first: 30) { nodes { events { nodes { ${fields} } } } } }`],
  ['Device', 'User.devices', (fields) => `{ users(first: 30) { nodes { devices { ${fields} } } } }`],
  ['List', 'Query.lists', (fields) => `{ lists { nodes { ${fields} } } }`],
  ['Segment', 'Query.segments', (fields) => `{ segments { nodes { ${fields} } } }`],
];

/** Each field of a type, with something of what it gives. */
function selectionsOf(typeName: string): string[] {
  const type = servedSchema.getType(typeName);
  if (!isObjectType(type)) throw new Error(`${typeName} is no object type.`);
  return Object.values(type.getFields()).map(({ name, type }) =>
    isCompositeType(getNamedType(type)) ? `${name} { __typename }` : name,
  );
}

async function startFullApp() {
  const app = await startApp({ limits: { complexity: 100_000 } });
  await seedUsers(app, users);
  await app.db.$executeRaw`
    UPDATE users SET first_name = 'F' || uid, last_name = 'L' || uid, number = '+1' || uid, meta = jsonb_build_object('n', uid)
    WHERE workspace_id = ${app.workspaceId}::uuid`;
  await seedDevices(app, users);
  await seedListMembers(app, 1, users);
  await app.db
    .$executeRaw`UPDATE lists SET description = 'd', archived_at = now() WHERE workspace_id = ${app.workspaceId}::uuid`;
  await seedSegmentMembers(app, 1, users);
  for (const user of users) await seedEvents(app, user, [user, user + 1]);
  await app.db.$executeRaw`
    UPDATE events SET value = to_jsonb(id::text), properties = jsonb_build_object('id', id)
    WHERE workspace_id = ${app.workspaceId}::uuid`;
  return app;
}

it('gives each field by itself as it gives it among all others, wherever it is read', async () => {
  await using app = await startFullApp();
  for (const [type, where, operation] of places) {
    const selections = selectionsOf(type);
    const all = await app.send(operation(selections.join(' ')));
    expect(all.errors, where).toBeUndefined();
    expect(JSON.stringify(all.data), where).not.toMatch(/null|\[\]/);
    for (const selection of selections) {
      const alone = await app.send(operation(selection));
      expect(alone.errors, `${where}: ${selection}`).toBeUndefined();
      expect(all.data, `${where}: ${selection}`).toMatchObject(Object(alone.data));
    }
  }
});
