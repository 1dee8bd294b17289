import { UserChangesPage } from '../../kit/operations/changes.ts';
import { describeConnection } from '../../kit/paging/describe-connection.ts';
import { rowGlobalId, rowId } from '../../kit/seed-rows.ts';

/** The id of the change with a number, in the form of the ids of other rows. */
function toRowId({ id }: { id: string }): { id: string } {
  const [, seq] = /^Change:77-(\d+)$/.exec(Buffer.from(id, 'base64').toString()) ?? [];
  return { id: rowGlobalId('Event', Number(seq)) };
}

describeConnection('Query.userChanges', {
  node: 'Event',
  parent: 'User',
  readsParent: false,
  maximum: 100,
  async add({ db, workspaceId }, user, rows) {
    const change = { workspaceId, userId: rowId(user), at: new Date(), keyId: 'cli', action: 'updateUser' } as const;
    await db.change.createMany({ data: rows.map((seq) => ({ ...change, xid: 77, seq })) });
  },
  remove: ({ db, workspaceId }, _user, seq) => db.change.deleteMany({ where: { workspaceId, seq } }),
  async read(app, user, variables, caller) {
    const { data, ...answer } = await app.send(UserChangesPage, { user, ...variables }, caller);
    if (!data) return { ...answer, data: null };
    const { edges, nodes, ...page } = data.userChanges;
    const rows =
      edges && nodes
        ? { edges: edges.map(({ cursor, node }) => ({ cursor, node: toRowId(node) })), nodes: nodes.map(toRowId) }
        : {};
    return { ...answer, data: { ...page, ...rows } };
  },
});
