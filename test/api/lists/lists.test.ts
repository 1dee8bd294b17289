import { describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { addList } from '../../kit/factories.ts';
import { ArchiveList, CreateList, ReadLists, UpdateList } from '../../kit/operations/lists.ts';

const unknown = encodeGlobalId('List', '0190a000-0000-7000-8000-000000000000');

describe('createList', () => {
  it('creates a list that accepts members', async () => {
    await using app = await startApp();
    const before = Date.now();
    const { createList } = await app.run(CreateList, { input: { title: 'News', description: 'Once a week' } });
    if (!('list' in createList)) throw new Error(createList.message);
    expect(createList.list).toMatchObject({ title: 'News', description: 'Once a week', archivedAt: null });
    expect(Date.parse(createList.list.createdAt)).toBeGreaterThanOrEqual(before);
  });

  it('does not require a description, and treats null as none', async () => {
    await using app = await startApp();
    await app.run(CreateList, { input: { title: 'first' } });
    await app.run(CreateList, { input: { title: 'second', description: null } });
    expect((await app.run(ReadLists)).lists.nodes).toMatchObject([
      { title: 'second', description: null },
      { title: 'first', description: null },
    ]);
  });

  it('accepts a title of 64 and a description of 255 characters, regardless of bytes', async () => {
    await using app = await startApp();
    const input = { title: '😀'.repeat(64), description: '😀'.repeat(255) };
    expect(await app.run(CreateList, { input })).toMatchObject({ createList: { list: input } });
  });

  it.each([
    ['an empty title', { title: '' }, ['title'], 'TOO_SHORT'],
    ['a title of 65 characters', { title: 'x'.repeat(65) }, ['title'], 'TOO_LONG'],
    ['a title of two lines', { title: 'a\nb' }, ['title'], 'INVALID_CHARACTER'],
    ['a description of 256 characters', { title: 'a', description: 'x'.repeat(256) }, ['description'], 'TOO_LONG'],
    ['U+0000 in the description', { title: 'a', description: '\0' }, ['description'], 'INVALID_CHARACTER'],
  ])('rejects %s', async (_what, input, path, code) => {
    await using app = await startApp();
    expect(await app.run(CreateList, { input })).toMatchObject({ createList: { issues: [{ path, code }] } });
    expect(await app.db.list.count()).toBe(0);
  });

  it('reports every issue at once', async () => {
    await using app = await startApp();
    const { createList } = await app.run(CreateList, { input: { title: '', description: '\ud800' } });
    expect('issues' in createList && createList.issues.map(({ path }) => path)).toEqual([['title'], ['description']]);
  });
});

describe('updateList', () => {
  it('updates the fields of the input, and does not change omitted fields', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app, { title: 'News', description: 'Once a week' });
    expect(await app.run(UpdateList, { input: { listId, title: 'Offers' } })).toMatchObject({
      updateList: { list: { id: listId, title: 'Offers', description: 'Once a week' } },
    });
    expect(await app.run(UpdateList, { input: { listId, description: 'Daily' } })).toMatchObject({
      updateList: { list: { title: 'Offers', description: 'Daily' } },
    });
    expect(await app.run(UpdateList, { input: { listId } })).toMatchObject({
      updateList: { list: { title: 'Offers', description: 'Daily' } },
    });
  });

  it('clears the description with null, and never the title', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app, { title: 'News', description: 'Once a week' });
    expect(await app.run(UpdateList, { input: { listId, description: null } })).toMatchObject({
      updateList: { list: { title: 'News', description: null } },
    });
    expect(await app.run(UpdateList, { input: { listId, title: null } })).toMatchObject({
      updateList: { issues: [{ path: ['title'], code: 'NOT_NULLABLE' }] },
    });
  });

  it('reports every issue at once, and changes nothing', async () => {
    await using app = await startApp();
    await addList(app);
    const input = { listId: 'nonsense', title: 'x'.repeat(65), description: 'x'.repeat(256) };
    const { updateList } = await app.run(UpdateList, { input });
    expect('issues' in updateList && updateList.issues).toEqual([
      { path: ['listId'], code: 'INVALID_ID' },
      { path: ['title'], code: 'TOO_LONG' },
      { path: ['description'], code: 'TOO_LONG' },
    ]);
    expect(await app.db.list.findMany()).toMatchObject([{ title: 'News', description: null }]);
  });

  it('updates an archived list', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app, { archivedAt: new Date() });
    expect(await app.run(UpdateList, { input: { listId, title: 'Old news' } })).toMatchObject({
      updateList: { list: { title: 'Old news', archivedAt: expect.any(String) } },
    });
  });

  it('fails with NotFoundError for an unknown list, and for one of another workspace, which is unchanged', async () => {
    await using app = await startApp();
    const foreign = await addList({ ...app.stranger, db: app.db });
    for (const listId of [unknown, foreign.globalId]) {
      expect(await app.run(UpdateList, { input: { listId, title: 'Mine' } })).toMatchObject({
        updateList: { code: 'NOT_FOUND', resource: 'List' },
      });
    }
    expect(await app.db.list.findMany()).toMatchObject([{ title: 'News' }]);
  });
});

describe('archiveList', () => {
  it('archives a list, once', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app);
    const before = Date.now();
    const { archiveList } = await app.run(ArchiveList, { input: { listId } });
    const archivedAt = 'list' in archiveList ? archiveList.list.archivedAt : null;
    expect(Date.parse(archivedAt ?? '')).toBeGreaterThanOrEqual(before);
    expect(await app.run(ArchiveList, { input: { listId } })).toMatchObject({ archiveList: { list: { archivedAt } } });
  });

  it('still returns an archived list', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app);
    await app.run(ArchiveList, { input: { listId } });
    expect((await app.run(ReadLists)).lists.nodes).toMatchObject([{ id: listId, archivedAt: expect.any(String) }]);
  });

  it('fails with NotFoundError for an unknown list, and for one of another workspace, which is not archived', async () => {
    await using app = await startApp();
    const foreign = await addList({ ...app.stranger, db: app.db });
    for (const listId of [unknown, foreign.globalId]) {
      expect(await app.run(ArchiveList, { input: { listId } })).toMatchObject({
        archiveList: { code: 'NOT_FOUND', resource: 'List' },
      });
    }
    expect(await app.db.list.findMany()).toMatchObject([{ archivedAt: null }]);
  });

  it('rejects an id that is not the id of a list', async () => {
    await using app = await startApp();
    expect(await app.run(ArchiveList, { input: { listId: 'nonsense' } })).toMatchObject({
      archiveList: { issues: [{ path: ['listId'], code: 'INVALID_ID' }] },
    });
  });
});
