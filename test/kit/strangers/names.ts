import { isInputObjectType } from 'graphql';
import { keysOf } from '../../../src/federation/entities.ts';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import type { Names } from '../root-operations.ts';
import { rowGlobalId } from '../seed-rows.ts';
import { schemaFields } from '../walk-schema.ts';

/** What a workspace has, by all names that a caller may use. */
export interface AllNames extends Names {
  /** Of an imported user, whose uid it is. */
  email: string;
  idempotencyKey: string;
}

/** The names of what `seedAll` puts under a number, or would. */
export const namesOf = (number: number): AllNames => ({
  uid: `u${number}`,
  token: `token${number}`,
  user: rowGlobalId('User', number),
  list: rowGlobalId('List', number),
  segment: rowGlobalId('Segment', number),
  event: rowGlobalId('Event', number),
  email: `import${number}@example.com`,
  idempotencyKey: `key-${number}-${number}-${number}`,
});

/** The global ids, by type: a new type of node needs one. */
export const idsOf = ({ user, list, segment, event }: AllNames): Readonly<Record<string, string>> => ({
  User: user,
  List: list,
  Segment: segment,
  Event: event,
});

/** Representations of all entities, by each of their keys. */
const representationsOf = (names: AllNames) =>
  Object.entries(keysOf).flatMap(([__typename, keys]) =>
    keys.map((key) => ({ __typename, [key]: key === 'id' ? idsOf(names)[__typename] : names[key] })),
  );

/** Arguments and fields of inputs that name something of a workspace, and the values to try with them. */
export const naming: Readonly<Record<string, (names: AllNames) => unknown[]>> = {
  'Query.node(id)': (names) => Object.values(idsOf(names)),
  'Query.nodes(ids)': (names) => [Object.values(idsOf(names))],
  'Query.user(uid)': ({ uid, email }) => [uid, email],
  'Query._entities(representations)': (names) => representationsOf(names).map((representation) => [representation]),
  'AddEventInput.uid': ({ uid }) => [uid],
  'AddEventInput.idempotencyKey': ({ idempotencyKey }) => [idempotencyKey],
  'ArchiveListInput.listId': ({ list }) => [list],
  'CreateUserInput.uid': ({ uid }) => [uid],
  'CreateUserInput.email': ({ email }) => [email],
  'CreateUserInput.listIds': ({ list }) => [[list]],
  'CreateUserInput.idempotencyKey': ({ idempotencyKey }) => [idempotencyKey],
  'DeleteUserInput.uid': ({ uid }) => [uid],
  'DeviceInput.token': ({ token }) => [token],
  'RemoveDeviceInput.uid': ({ uid }) => [uid],
  'RemoveDeviceInput.token': ({ token }) => [token],
  'RemoveFromListInput.uid': ({ uid }) => [uid],
  'RemoveFromListInput.listId': ({ list }) => [list],
  'SetListSubscriptionInput.uid': ({ uid }) => [uid],
  'SetListSubscriptionInput.listId': ({ list }) => [list],
  'UpdateListInput.listId': ({ list }) => [list],
  'UpdateUserInput.uid': ({ uid, email }) => [uid, email],
  'UpdateUserInput.newUid': ({ uid, email }) => [uid, email],
  'UpdateUserInput.email': ({ email }) => [email],
};

/** Those that name nothing, with an example where one is required. */
export const neutral: Readonly<Record<string, unknown>> = {
  'AddEventInput.name': 'Paid',
  'AddEventInput.properties': undefined,
  'AddEventInput.timestamp': undefined,
  'AddEventInput.value': undefined,
  'CreateListInput.title': 'Another',
  'CreateListInput.description': undefined,
  'CreateUserInput.createdAt': undefined,
  'CreateUserInput.firstName': undefined,
  'CreateUserInput.lastName': undefined,
  'CreateUserInput.meta': undefined,
  'CreateUserInput.number': undefined,
  'DeviceInput.platform': 'IOS',
  'EventFilter.name': undefined,
  'EventFilter.since': undefined,
  'EventFilter.until': undefined,
  'List.members(subscribed)': undefined,
  'SetListSubscriptionInput.subscribed': true,
  'UpdateListInput.title': 'Overwritten',
  'UpdateListInput.description': undefined,
  'UpdateUserInput.createdAt': undefined,
  'UpdateUserInput.firstName': 'Overwritten',
  'UpdateUserInput.lastName': undefined,
  'UpdateUserInput.meta': { overwritten: true },
  'UpdateUserInput.number': undefined,
  'UpdateUserInput.removeMeta': undefined,
};

const paging = /\((after|before|first|last)\)$/;

/** Fields that give a page. */
export const connectionFields = schemaFields.filter(({ field }) => field.args.some(({ name }) => name === 'after'));

/** The coordinate of every argument and of every field of an input, but for pages' and for objects of further fields. */
export const coordinates: string[] = [
  ...schemaFields.flatMap(({ coordinate, field }) =>
    field.args.map((arg) => ({ at: `${coordinate}(${arg.name})`, type: arg.type })),
  ),
  ...Object.values(servedSchema.getTypeMap())
    .filter((type) => isInputObjectType(type))
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ at: `${type.name}.${field.name}`, type: field.type })),
    ),
]
  .filter(
    ({ at, type }) =>
      !paging.test(at) && !isInputObjectType(servedSchema.getType(String(type).replaceAll(/[[\]!]/g, ''))),
  )
  .map(({ at }) => at);
