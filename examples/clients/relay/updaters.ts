import type { RecordSourceSelectorProxy } from 'relay-runtime';
import { membersConnection } from './connections.ts';

/**
 * Forgets that no user had the uid of a created user: an `updater` of `usersCreateMutation` and `userUpdateMutation`.
 * Queries for the uid then read the new user. A link to it would give them a user without the fields that the payload lacks.
 */
export function forgetMissingUser(store: RecordSourceSelectorProxy, uid: string): void {
  const root = store.getRoot();
  if (root.getLinkedRecord('user', { uid }) === null) root.setValue(undefined, 'user', { uid });
}

/**
 * Shows a changed subscription in the members of a list: the `updater` of `membersSetSubscriptionMutation`. Relay stores copies
 * of edges in a connection, and `@prependEdge` ignores a node that the connection has.
 */
export function updateMemberEdge(store: RecordSourceSelectorProxy, listId: string): void {
  const edge = store.getRootField('setListSubscription')?.getLinkedRecord('edge');
  const copies = store.get(membersConnection(listId))?.getLinkedRecords('edges');
  if (edge) copies?.find((copy) => copy?.getValue('id') === edge.getDataID())?.copyFieldsFrom(edge);
}
