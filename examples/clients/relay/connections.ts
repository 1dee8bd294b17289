import { ConnectionHandler, type RecordSourceSelectorProxy, ROOT_ID } from 'relay-runtime';

// The ids for `connections` of mutations. A component that reads a connection can select them as `__id` instead.
export const usersConnection = ConnectionHandler.getConnectionID(ROOT_ID, 'users_users');
export const listsConnection = ConnectionHandler.getConnectionID(ROOT_ID, 'lists_lists');
export const eventsConnection = (userId: string) => ConnectionHandler.getConnectionID(userId, 'user_events');
export const membersConnection = (listId: string) => ConnectionHandler.getConnectionID(listId, 'members_members');

/**
 * Shows a changed subscription in the members of a list: the `updater` of `membersSetSubscriptionMutation`. Relay stores copies
 * of edges in a connection, and `@prependEdge` ignores a node that the connection has.
 */
export function updateMemberEdge(store: RecordSourceSelectorProxy, listId: string): void {
  const edge = store.getRootField('setListSubscription')?.getLinkedRecord('edge');
  const copies = store.get(membersConnection(listId))?.getLinkedRecords('edges');
  if (edge) copies?.find((copy) => copy?.getValue('id') === edge.getDataID())?.copyFieldsFrom(edge);
}
