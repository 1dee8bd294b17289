import { ConnectionHandler, ROOT_ID } from 'relay-runtime';

// The ids for `connections` of mutations. A component that reads a connection can select them as `__id` instead.
export const usersConnection = ConnectionHandler.getConnectionID(ROOT_ID, 'users_users');
export const listsConnection = ConnectionHandler.getConnectionID(ROOT_ID, 'lists_lists');
export const eventsConnection = (userId: string) => ConnectionHandler.getConnectionID(userId, 'user_events');
export const membersConnection = (listId: string) => ConnectionHandler.getConnectionID(listId, 'members_members');
