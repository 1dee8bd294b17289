import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { seedLists, seedSegments, seedUsers } from '../seed-rows.ts';
import { type ConnectionCase, connectionIn, OTHER_PARENT } from './connection-case.ts';
import { faultsOf, MIN_KEYS_FOR_ARRAYS, withRows } from './scene.ts';

const ForeignCursors = graphql(`
  query ForeignCursors {
    users(first: 1) { edges { cursor } }
    lists(first: 1) { edges { cursor } }
    segments(first: 1) { edges { cursor } }
  }
`);

export function describeForgedCursors(connection: ConnectionCase): void {
  const use = withRows(connection, MIN_KEYS_FOR_ARRAYS);
  const invalid = ['after INVALID_CURSOR'];

  it('refuses a cursor that is garbage, cut, longer, or has a single bit changed', async () => {
    const { read, cursors } = use();
    const cursor = (await cursors(MIN_KEYS_FOR_ARRAYS)).get(40) ?? '';
    const bytes = Buffer.from(cursor, 'base64url');
    const flipped = [...bytes.keys()].map((place) =>
      Buffer.from(bytes.map((byte, at) => (at === place ? byte ^ 1 : byte))).toString('base64url'),
    );
    const garbage = ['', ' ', 'x', '\0', '💥', 'null', '0'.repeat(27), 'a'.repeat(100_000), btoa('User:1')];
    const bent = [cursor.slice(0, -1), cursor.slice(1), `${cursor}A`, `${cursor}=`, ` ${cursor}`, `${cursor}\n`];
    for (const after of [...garbage, ...bent, ...flipped]) expect(faultsOf(await read({ after }))).toEqual(invalid);
  });

  it('refuses the cursor of the same row in another workspace', async () => {
    const { app, add, read, cursors } = use();
    await add(MIN_KEYS_FOR_ARRAYS, { db: app.db, workspaceId: app.stranger.workspaceId });
    const after = (await cursors(MIN_KEYS_FOR_ARRAYS, app.stranger.owner)).get(40);
    expect(faultsOf(await read({ after }))).toEqual(invalid);
    expect((await read({ after }, app.stranger.owner)).errors).toBeUndefined();
  });

  it('refuses the cursor of a row in another connection', async () => {
    const { app, read } = use();
    for (const seed of [seedUsers, seedLists, seedSegments]) await seed(app, [5000]);
    const { users, lists, segments } = await app.run(ForeignCursors);
    const others = { User: users, List: lists, Segment: segments, Event: undefined };
    const own = connection.parent ? undefined : others[connection.node];
    const foreign = [users, lists, segments].filter((other) => other !== own).map(({ edges }) => edges[0]?.cursor);
    for (const after of foreign) expect(faultsOf(await read({ after }))).toEqual(invalid);
  });

  it.runIf(connection.parent)('refuses the cursor of a row of another parent', async () => {
    const { app, read } = use();
    const other = connectionIn(app, connection, OTHER_PARENT);
    await other.add([5000]);
    const after = (await other.cursors([5000])).get(5000);
    expect((await other.read({ after })).errors).toBeUndefined();
    expect(faultsOf(await read({ after }))).toEqual(invalid);
  });
}
