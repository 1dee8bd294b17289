import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeFeedCursor, encodeFeedCursor, type FeedPosition } from '../../../src/domain/changes/cursor.ts';
import { graphql } from '../../generated/gql.ts';
import type { ChangesQueryVariables } from '../../generated/graphql.ts';
import { type Caller, startApp } from '../../kit/app.ts';
import { addList, addSegment, addUser } from '../../kit/factories.ts';
import { Changes } from '../../kit/operations/changes.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { SetListSubscription } from '../../kit/operations/lists.ts';
import { DeleteUser, UpdateUser } from '../../kit/operations/users.ts';
import { inputErrorsOf } from '../../kit/paging/connection-case.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

const { db, workspaceId } = app;

beforeEach(async () => {
  await db.change.deleteMany();
  await db.user.deleteMany();
});

const read = async (variables: ChangesQueryVariables = {}, caller?: Caller) =>
  (await app.run(Changes, variables, caller)).changes;

/** Reads pages until there are no more, and returns the changes. */
async function readAll(after: string | undefined, first: number) {
  const changes = [];
  for (let cursor = after; ; ) {
    const page = await read({ after: cursor, first });
    expect(page.changes.length).toBeLessThanOrEqual(first);
    changes.push(...page.changes);
    cursor = page.cursor;
    if (!page.hasMore) return { changes, cursor };
  }
}

const now = async () => (await read({ from: 'NOW' })).cursor;

/** Inserts changes, all of them in one transaction, or without a transaction id. */
const insert = (count: number, values: { xid?: number; at?: Date } = {}) =>
  db.change.createMany({
    data: Array.from({ length: count }, () => ({
      workspaceId,
      at: new Date(),
      keyId: 'cli',
      action: 'updateList' as const,
      ...values,
    })),
  });

const updateUser = (uid: string, firstName: string) => app.run(UpdateUser, { input: { uid, firstName } });

/** The code of a response's only error. */
async function codeOf(variables: ChangesQueryVariables, caller?: Caller) {
  const { errors } = await app.send(Changes, variables, caller);
  expect(errors).toHaveLength(1);
  return errors?.[0]?.extensions.code;
}

describe('changes', () => {
  it('returns what was written, with the ids of the objects and what was changed', async () => {
    const user = await addUser(app, { uid: 'ada' });
    const list = await addList(app);
    const segment = await addSegment(app, 'Active');
    const start = await now();
    await updateUser('ada', 'Ada');
    await app.run(SetListSubscription, { input: { uid: 'ada', listId: list.globalId, subscribed: true } });
    await app.run(AddEvent, { input: { uid: 'ada', name: 'Purchase' } });
    const computed = { workspaceId, at: new Date(), keyId: 'segments', userId: user.id, segmentId: segment.id };
    await db.change.create({ data: { ...computed, action: 'enterSegment', changed: ['time'] } });
    await app.run(DeleteUser, { input: { uid: 'ada' } });
    const { changes, hasMore } = await read({ after: start });
    const nothing = { listId: null, eventId: null, segmentId: null, apiKeyId: null };
    const of = {
      ...nothing,
      id: expect.any(String),
      at: expect.any(String),
      actor: expect.any(String),
      userId: user.globalId,
    };
    expect(changes).toEqual([
      { ...of, action: 'UPDATE_USER', paths: ['firstName'] },
      { ...of, action: 'SUBSCRIBE_TO_LIST', listId: list.globalId, paths: null },
      { ...of, action: 'ADD_EVENT', eventId: expect.any(String), paths: ['event.Purchase'] },
      { ...of, action: 'SEGMENT_ENTERED', actor: 'segments', segmentId: segment.globalId, paths: ['time'] },
      { ...of, action: 'DELETE_USER', paths: null },
    ]);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(5);
    expect(hasMore).toBe(false);
  });

  it('starts with the oldest change, those without a transaction id first', async () => {
    await insert(5, { xid: 0 });
    await insert(5);
    const stored = await db.change.findMany({ orderBy: [{ xid: 'asc' }, { seq: 'asc' }] });
    const ids = stored.map(({ xid, seq }) => Buffer.from(`Change:${xid}-${seq}`).toString('base64'));
    for (const first of [1, 2, 3, 4, 5, 7, 100])
      expect((await readAll(undefined, first)).changes.map(({ id }) => id)).toEqual(ids);
  });

  it('divides a transaction that has more changes than a page, and continues after it', async () => {
    const start = await now();
    await insert(25);
    await insert(2);
    const { changes, cursor } = await readAll(start, 10);
    expect(changes).toHaveLength(27);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(27);
    expect(await read({ after: cursor })).toMatchObject({ changes: [], hasMore: false });
    await insert(1);
    expect((await read({ after: cursor })).changes).toHaveLength(1);
  });

  it('returns the same page again for the same cursor, except for what has been written since', async () => {
    const start = await now();
    await insert(7);
    const page = await read({ after: start, first: 3 });
    await insert(4);
    const again = await read({ after: start, first: 3 });
    expect(again.changes).toEqual(page.changes);
    expect((await readAll(page.cursor, 3)).changes).toHaveLength(8);
    expect((await readAll(again.cursor, 3)).changes).toHaveLength(8);
  });

  it('returns users with the changes, null if they have been deleted', async () => {
    const start = await now();
    await addUser(app, { uid: 'ada' });
    await addUser(app, { uid: 'bo' });
    await updateUser('ada', 'Ada');
    await updateUser('bo', 'Bo');
    await app.run(DeleteUser, { input: { uid: 'bo' } });
    const document = graphql(
      `query ChangedUsers($after: String!) { changes(after: $after) { changes { user { firstName } } } }`,
    );
    const { changes } = await app.run(document, { after: start });
    expect(changes.changes).toEqual([{ user: { firstName: 'Ada' } }, { user: null }, { user: null }]);
  });

  it('returns nothing to another workspace, and rejects its cursor', async () => {
    await insert(3);
    expect(await read({}, app.stranger.owner)).toMatchObject({ changes: [], hasMore: false });
    const { cursor } = await read({ from: 'NOW' }, app.stranger.owner);
    expect(inputErrorsOf(await app.send(Changes, { after: cursor }))).toEqual(['after INVALID_CURSOR']);
  });

  it('requires audit:read', async () => {
    expect(await codeOf({}, await app.withScopes('users:read', 'lists:read', 'segments:read'))).toBe('FORBIDDEN');
    expect(await codeOf({}, app.publicKey)).toBe('FORBIDDEN');
    const auditor = await app.withScopes('audit:read');
    expect((await read({}, auditor)).hasMore).toBe(false);
    const { errors } = await app.send('{ changes { changes { user { uid } } } }', {}, auditor);
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('a cursor', () => {
  const position = async (): Promise<FeedPosition> => {
    const decoded = decodeFeedCursor(workspaceId, await now());
    if (!decoded) throw new Error('The cursor is invalid.');
    return decoded;
  };
  const errorsOf = async (variables: ChangesQueryVariables) => inputErrorsOf(await app.send(Changes, variables));

  it('is rejected if it is malformed, altered or of another field, together with an invalid size', async () => {
    const cursor = await now();
    const bytes = Buffer.from(cursor, 'base64url');
    const flipped = [...bytes.keys()].map((place) =>
      Buffer.from(bytes.map((byte, at) => (at === place ? byte ^ 1 : byte))).toString('base64url'),
    );
    const altered = [cursor.slice(0, -1), cursor.slice(1), `${cursor}A`, `${cursor}=`, ` ${cursor}`];
    for (const after of ['', ' ', 'x', '\0', '💥', 'a'.repeat(100_000), 'a'.repeat(300_000), ...altered, ...flipped])
      expect(await errorsOf({ after })).toEqual(['after INVALID_CURSOR']);
    expect(await errorsOf({ after: 'x', first: 101, from: 'NOW' })).toEqual([
      'after INVALID_CURSOR',
      'first OUT_OF_RANGE',
      'from CONTRADICTION',
    ]);
    expect(await errorsOf({ first: 0 })).toEqual(['first OUT_OF_RANGE']);
  });

  it.each([
    '0:0:',
    '1:0:',
    '5:4:',
    '2:9:3,3',
    '2:9:4,3',
    '4:9:3',
    '2:9:9',
    '2:9',
    '2:9:x',
    '-1:9:',
    '2:9::',
    '2:9:/1',
    '2:9:/2:9:/2:9:',
    '1:9223372036854775808:',
    '99999999999999999999:99999999999999999999:',
  ])('that a client has made up with the snapshot %s is rejected', async (after) => {
    const made = encodeFeedCursor(workspaceId, { ...(await position()), after });
    expect(await errorsOf({ after: made })).toEqual(['after INVALID_CURSOR']);
  });

  it.each(['1:1:', '1:9:', '2:9:2,5', '2:9:/9:12:10'])(
    'that a client has made up with the snapshot %s is used',
    async (after) => {
      const made = encodeFeedCursor(workspaceId, { ...(await position()), after });
      expect(await read({ after: made })).toMatchObject({ changes: [] });
    },
  );

  it('expires if the database was replaced or restored', async () => {
    const current = await position();
    const { database, after } = current;
    for (const changed of [{ database: `${BigInt(database) + 1n}` }, { after: '1:900000000000000000:' }]) {
      const cursor = encodeFeedCursor(workspaceId, { ...current, ...changed });
      expect(await codeOf({ after: cursor })).toBe('CURSOR_EXPIRED');
    }
    expect(await read({ after: encodeFeedCursor(workspaceId, { ...current, after }) })).toMatchObject({ changes: [] });
  });
});
