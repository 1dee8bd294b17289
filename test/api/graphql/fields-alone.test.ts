import { getNamedType, isCompositeType, isObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { startApp } from '../../kit/app.ts';
import {
  rowGlobalId,
  rowId,
  seedDevices,
  seedEvents,
  seedListMembers,
  seedSegmentMembers,
  seedUsers,
  tens,
} from '../../kit/seed-rows.ts';
import { schemaFields } from '../../kit/walk-schema.ts';

/** Enough users for rows to be read as arrays of the selected columns (`MIN_KEYS_FOR_ARRAYS` in `db/reading/columns.ts`). */
const users = tens(20);

const ids = JSON.stringify(users.map((number) => rowGlobalId('User', number)));
const representations = (count: number) =>
  `[${users.slice(0, count).map((number) => `{ __typename: "User", uid: "u${number}" }`)}]`;

/** Every path on which rows of a type are read, with an operation that selects the given fields of them. */
const paths: [type: string, path: string, operation: (fields: string) => string][] = [
  ['User', 'Query.users', (fields) => `{ users(first: 30) { nodes { ${fields} } } }`],
  [
    'User',
    'Query.users, edges',
    (fields) => `{ users(first: 30) { edges { cursor node { ...f } } } } fragment f on User { ${fields} }`,
  ],
  ['User', 'Query.user', (fields) => `{ user(uid: "u10") { ${fields} } }`],
  ['User', 'Query.nodes', (fields) => `{ nodes(ids: ${ids}) { ... on User { ${fields} } } }`],
  [
    'User',
    'Query._entities with 3 representations',
    (fields) => `{ _entities(representations: ${representations(3)}) { ... on User { ${fields} } } }`,
  ],
  [
    'User',
    'Query._entities with 20 representations',
    (fields) => `{ _entities(representations: ${representations(20)}) { ... on User { ${fields} } } }`,
  ],
  ['User', 'Event.user', (fields) => `{ users(first: 30) { nodes { events { nodes { user { ${fields} } } } } } }`],
  ['User', 'List.members', (fields) => `{ lists { nodes { members(first: 30) { edges { node { ${fields} } } } } } }`],
  ['User', 'Segment.members', (fields) => `{ segments { nodes { members(first: 30) { nodes { ${fields} } } } } }`],
  ['ListMemberEdge', 'List.members', (fields) => `{ lists { nodes { members(first: 30) { edges { ${fields} } } } } }`],
  ['ListMembership', 'User.lists', (fields) => `{ users(first: 30) { nodes { lists { ${fields} } } } }`],
  ['SegmentMembership', 'User.segments', (fields) => `{ users(first: 30) { nodes { segments { ${fields} } } } }`],
  ['Event', 'User.events', (fields) => `{ users(first: 30) { nodes { events { nodes { ${fields} } } } } }`],
  ['Device', 'User.devices', (fields) => `{ users(first: 30) { nodes { devices { ${fields} } } } }`],
  ['List', 'Query.lists', (fields) => `{ lists { nodes { ${fields} } } }`],
  ['Change', 'Query.changes', (fields) => `{ changes(first: 30) { changes { ${fields} } } }`],
  [
    'Change',
    'Query.userChanges',
    (fields) => `{ userChanges(userId: "${rowGlobalId('User', 10)}") { nodes { ${fields} } } }`,
  ],
  ['Segment', 'Query.segments', (fields) => `{ segments { nodes { ${fields} } } }`],
];

/** A selection for each field of a type. */
function selectionsOf(typeName: string): string[] {
  const type = servedSchema.getType(typeName);
  if (!isObjectType(type)) throw new Error(`${typeName} is not an object type.`);
  return Object.values(type.getFields()).map(({ name, type }) =>
    isCompositeType(getNamedType(type)) ? `${name} { __typename }` : name,
  );
}

/** Starts an app in which no field of the users is null or empty. */
async function startFullApp() {
  const app = await startApp({ limits: { complexity: 100_000 } });
  await seedUsers(app, users);
  await app.db.$executeRaw`
    UPDATE users SET first_name = 'F' || uid, last_name = 'L' || uid, number = '+1' || uid, meta = jsonb_build_object('n', uid),
      time_zone = 'Zone/' || uid, app_version = 'V' || uid, app_build = 'B' || uid, app_last_active_at = created_at
    WHERE workspace_id = ${app.workspaceId}::uuid`;
  await seedDevices(app, users);
  await seedListMembers(app, 1, users);
  await seedSegmentMembers(app, 1, users);
  // The segment has members, and others are being computed.
  const segmentId = rowId(1);
  for (const [id, completedAt] of [
    [segmentId, new Date()],
    [rowId(2), null],
  ] as const) {
    const filter = { uid: { eq: 'u10' } };
    const data = { workspaceId: app.workspaceId, id, segmentId, filter, createdAt: new Date(), completedAt };
    await app.db.segmentDefinition.create({ data });
  }
  await app.db.segment.updateMany({ data: { description: 'd' } });
  await app.db.segmentMembership.updateMany({ data: { enteredAt: new Date() } });
  await app.db
    .$executeRaw`UPDATE lists SET description = 'd', archived_at = now() WHERE workspace_id = ${app.workspaceId}::uuid`;
  for (const user of users) await seedEvents(app, user, [user, user + 1]);
  await app.db.$executeRaw`
    UPDATE events SET value = to_jsonb(id::text), properties = jsonb_build_object('id', id)
    WHERE workspace_id = ${app.workspaceId}::uuid`;
  await app.db.change.createMany({
    data: users.map((user) => {
      const ids = {
        userId: rowId(user),
        listId: rowId(1),
        eventId: rowId(user),
        segmentId: rowId(1),
        apiKeyId: rowId(1),
      };
      return {
        workspaceId: app.workspaceId,
        at: new Date(),
        keyId: 'cli',
        action: 'updateUser' as const,
        changed: ['email'],
        ...ids,
      };
    }),
  });
  return app;
}

it('has a path for every type whose rows are read in part', () => {
  const types = new Set(schemaFields.map(({ type }) => type).filter(({ extensions }) => extensions.row));
  const missing = [...types].map(({ name }) => name).filter((name) => !paths.some(([type]) => type === name));
  expect(missing, 'Add a path for each of these types in test/api/graphql/fields-alone.test.ts.').toEqual([]);
});

it('returns for each field selected alone what it returns among all others, on every path', async () => {
  await using app = await startFullApp();
  for (const [type, path, operation] of paths) {
    const selections = selectionsOf(type);
    const all = await app.send(operation(selections.join(' ')));
    const cause = 'A field may read columns that it does not declare (src/graphql/schema/columns-plugin.ts).';
    expect(all.errors, `${path} returned errors. ${cause}`).toBeUndefined();
    const advice = `${path} returned null or an empty list. Fill the field in startFullApp of test/api/graphql/fields-alone.test.ts.`;
    expect(JSON.stringify(all.data), advice).not.toMatch(/null|\[\]/);
    for (const selection of selections) {
      const field = `${type}.${selection.split(' ')[0]}`;
      const alone = await app.send(operation(selection));
      expect(alone.errors, `${field}, selected alone on ${path}, returned errors. ${cause}`).toBeUndefined();
      expect(all.data, `${field}, selected alone on ${path}, returned something else. ${cause}`).toMatchObject(
        Object(alone.data),
      );
    }
  }
});
