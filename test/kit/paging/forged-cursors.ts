import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { seedLists, seedSegments, seedUsers } from '../seed-rows.ts';
import {
  type ConnectionCase,
  connectionIn,
  FEW_ROWS,
  inputErrorsOf,
  OTHER_PARENT,
  withRows,
} from './connection-case.ts';

const ForeignCursors = graphql(`
  query ForeignCursors {
    users(first: 1) { edges { cursor } }
    lists(first: 1) { edges { cursor } }
    segments(first: 1) { edges { cursor } }
  }
`);

export function describeForgedCursors(connection: ConnectionCase): void {
  const use = withRows(connection, FEW_ROWS);
  const invalid = ['after INVALID_CURSOR'];

  it('rejects a cursor that is garbage, truncated, extended, or has one bit flipped', async () => {
    const { read, cursors } = use();
    const cursor = (await cursors(FEW_ROWS)).get(40) ?? '';
    const bytes = Buffer.from(cursor, 'base64url');
    const flipped = [...bytes.keys()].map((place) =>
      Buffer.from(bytes.map((byte, at) => (at === place ? byte ^ 1 : byte))).toString('base64url'),
    );
    const garbage = ['', ' ', 'x', '\0', '💥', 'null', '0'.repeat(27), 'a'.repeat(100_000), btoa('User:1')];
    const altered = [cursor.slice(0, -1), cursor.slice(1), `${cursor}A`, `${cursor}=`, ` ${cursor}`, `${cursor}\n`];
    for (const after of [...garbage, ...altered, ...flipped])
      expect(inputErrorsOf(await read({ after }))).toEqual(invalid);
  });

  it('rejects the cursor of the same row in another workspace', async () => {
    const { app, add, read, cursors } = use();
    await add(FEW_ROWS, { db: app.db, workspaceId: app.stranger.workspaceId });
    const after = (await cursors(FEW_ROWS, app.stranger.owner)).get(40);
    expect(inputErrorsOf(await read({ after }))).toEqual(invalid);
    expect((await read({ after }, app.stranger.owner)).errors).toBeUndefined();
  });

  it('rejects the cursor of another connection', async () => {
    const { app, read } = use();
    for (const seed of [seedUsers, seedLists, seedSegments]) await seed(app, [5000]);
    const { users, lists, segments } = await app.run(ForeignCursors);
    const others = { User: users, List: lists, Segment: segments, Event: undefined };
    const own = connection.parent ? undefined : others[connection.node];
    const foreign = [users, lists, segments].filter((other) => other !== own).map(({ edges }) => edges[0]?.cursor);
    for (const after of foreign) expect(inputErrorsOf(await read({ after }))).toEqual(invalid);
  });

  it.runIf(connection.parent)('rejects the cursor of another parent', async () => {
    const { app, read } = use();
    const other = connectionIn(app, connection, OTHER_PARENT);
    await other.add([5000]);
    const after = (await other.cursors([5000])).get(5000);
    expect((await other.read({ after })).errors).toBeUndefined();
    expect(inputErrorsOf(await read({ after }))).toEqual(invalid);
  });
}
