import { type GraphQLInputType, getNamedType, isInputObjectType } from 'graphql';
import { keysOf } from '../../../src/federation/entities.ts';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import type { Names } from '../root-operations.ts';
import { rowGlobalId, rowId } from '../seed-rows.ts';
import { schemaFields } from '../walk-schema.ts';

/** All names by which a caller can refer to the objects of a workspace. */
export interface AllNames extends Names {
  /** The address, and uid, of an imported user. */
  email: string;
  idempotencyKey: string;
}

/** The id of the export that `seedAll` inserts for a number. */
export const exportIdOf = (number: number): string =>
  `${rowId(number).slice(0, -12)}${`${number}${number}`.padStart(12, '0')}`;

/** The names of the objects that `seedAll` inserts for a number. */
export const namesOf = (number: number): AllNames => ({
  uid: `u${number}`,
  token: `token${number}`,
  user: rowGlobalId('User', number),
  list: rowGlobalId('List', number),
  segment: rowGlobalId('Segment', number),
  event: rowGlobalId('Event', number),
  email: `import${number}@example.com`,
  idempotencyKey: `key-${number}-${number}-${number}`,
  declaredKey: `k${number}`,
  importJob: rowId(number),
  exportJob: exportIdOf(number),
});

/** Global ids by type. A new node type needs one. */
export const idsOf = ({ user, list, segment, event }: AllNames): Readonly<Record<string, string>> => ({
  User: user,
  List: list,
  Segment: segment,
  Event: event,
});

/** Representations of all entities, for each of their keys. */
const representationsOf = (names: AllNames) =>
  Object.entries(keysOf).flatMap(([__typename, keys]) =>
    keys.map((key) => ({ __typename, [key]: key === 'id' ? idsOf(names)[__typename] : names[key] })),
  );

/** Filters that compare with the names of a workspace's objects, or match all of its users. Each field of `UserFilter` is in one. */
function filtersOf({ uid, email, list, segment }: AllNames): unknown[] {
  return [
    { uid: { eq: uid } },
    { or: [{ email: { contains: email } }, { firstName: { contains: uid } }, { lastName: { contains: uid } }] },
    { lists: { some: { listIds: [list] } } },
    { segments: { some: { segmentIds: [segment] } } },
    { and: [{ lists: { none: { listIds: [list] } } }, { segments: { none: { segmentIds: [segment] } } }] },
    { not: { uid: { eq: uid } }, uidUpdateable: { isNull: false }, isAccount: { isNull: false } },
    { devices: { some: {} }, meta: [{ key: 'plan', exists: false }], number: { isNull: true } },
    { events: [{ name: { startsWith: 'P' } }], createdAt: { isNull: false }, updatedAt: { isNull: false } },
    {
      timeZone: { isNull: true },
      appVersion: { isNull: true },
      appBuild: { isNull: true },
      appLastActiveAt: { isNull: true },
    },
  ];
}

/** Arguments and input fields that name an object of a workspace, and the values to try. */
export const namingArguments: Readonly<Record<string, (names: AllNames) => unknown[]>> = {
  'Query.node(id)': (names) => Object.values(idsOf(names)),
  'Query.nodes(ids)': (names) => [Object.values(idsOf(names))],
  'Query.list(id)': ({ list }) => [list],
  'Query.segment(id)': ({ segment }) => [segment],
  'Query.event(id)': ({ event }) => [event],
  'Query.importJob(id)': ({ importJob }) => [importJob],
  'Query.exportJob(id)': ({ exportJob }) => [exportJob],
  'Query.userChanges(userId)': ({ user }) => [user],
  'Query.user(uid)': ({ uid, email }) => [uid, email],
  'Query.users(where)': filtersOf,
  'Query.users(search)': ({ uid, email }) => [uid, email],
  'Query.previewSegment(where)': filtersOf,
  'List.members(where)': filtersOf,
  'List.members(search)': ({ uid, email }) => [uid, email],
  'Segment.members(where)': filtersOf,
  'Segment.members(search)': ({ uid, email }) => [uid, email],
  'Query._entities(representations)': (names) => representationsOf(names).map((representation) => [representation]),
  'AddEventInput.uid': ({ uid }) => [uid],
  'AddEventInput.idempotencyKey': ({ idempotencyKey }) => [idempotencyKey],
  'AddEventsInput.idempotencyKey': ({ idempotencyKey }) => [idempotencyKey],
  'ArchiveListInput.listId': ({ list }) => [list],
  'CreateSegmentInput.where': filtersOf,
  'CreateUserInput.uid': ({ uid }) => [uid],
  'CreateUserInput.email': ({ email }) => [email],
  'CreateUserInput.listIds': ({ list }) => [[list]],
  'CreateUserInput.idempotencyKey': ({ idempotencyKey }) => [idempotencyKey],
  'DeleteSegmentInput.segmentId': ({ segment }) => [segment],
  'ExportUserInput.uid': ({ uid }) => [uid],
  'DeleteUserInput.uid': ({ uid }) => [uid],
  'DeleteUsersInput.uids': ({ uid }) => [[uid]],
  'UndeclareAttributeInput.key': ({ declaredKey }) => [declaredKey],
  'AttributeOrder.key': ({ declaredKey }) => [declaredKey],
  'DeviceInput.token': ({ token }) => [token],
  'RemoveDeviceInput.uid': ({ uid }) => [uid],
  'RemoveDeviceInput.token': ({ token }) => [token],
  'RemoveFromListInput.uid': ({ uid }) => [uid],
  'RemoveFromListInput.listId': ({ list }) => [list],
  'SetListSubscriptionInput.uid': ({ uid }) => [uid],
  'SetListSubscriptionInput.listId': ({ list }) => [list],
  'SetSegmentSuppressionInput.uid': ({ uid }) => [uid],
  'SetSegmentSuppressionInput.segmentId': ({ segment }) => [segment],
  'UpdateListInput.listId': ({ list }) => [list],
  'UpdateSegmentInput.segmentId': ({ segment }) => [segment],
  'UpdateSegmentInput.where': filtersOf,
  'UpsertUsersInput.idempotencyKey': ({ idempotencyKey }) => [idempotencyKey],
  'UpdateUserInput.uid': ({ uid, email }) => [uid, email],
  'UpdateUserInput.newUid': ({ uid, email }) => [uid, email],
  'UpdateUserInput.email': ({ email }) => [email],
  'UpdateUserInput.listIds': ({ list }) => [[list]],
};

/** Those that are rejected with an error unless they name an object of the caller's workspace. */
export const rejectedNames: ReadonlySet<string> = new Set(['AttributeOrder.key']);

/** All other arguments and input fields, with a value if they are required. */
export const otherArguments: Readonly<Record<string, unknown>> = {
  'AddEventInput.name': 'Paid',
  'AddEventInput.properties': undefined,
  'AddEventsInput.errorPolicy': undefined,
  'DeleteUsersInput.errorPolicy': undefined,
  'SetListSubscriptionsInput.errorPolicy': undefined,
  'UpsertUsersInput.errorPolicy': undefined,
  'AddEventInput.timestamp': undefined,
  'AddEventInput.value': undefined,
  'CreateListInput.title': 'Another',
  'CreateListInput.description': undefined,
  'CreateSegmentInput.name': 'Another',
  'CreateSegmentInput.description': undefined,
  'CreateUserInput.appBuild': undefined,
  'CreateUserInput.appLastActiveAt': undefined,
  'CreateUserInput.appVersion': undefined,
  'CreateUserInput.createdAt': undefined,
  'CreateUserInput.firstName': undefined,
  'CreateUserInput.isAccount': undefined,
  'CreateUserInput.lastName': undefined,
  'CreateUserInput.meta': undefined,
  'CreateUserInput.number': undefined,
  'CreateUserInput.timeZone': undefined,
  'AttributeOrder.type': 'STRING',
  'DeclareAttributeInput.key': 'plan',
  'DeclareAttributeInput.type': 'STRING',
  'DeviceInput.platform': 'IOS',
  'Query.changes(from)': undefined,
  'EventFilter.name': undefined,
  'EventFilter.since': undefined,
  'EventFilter.until': undefined,
  'List.members(subscribed)': undefined,
  'SetListSubscriptionInput.subscribed': true,
  'SetSegmentSuppressionInput.suppressed': true,
  'UserOrder.field': 'UID',
  'UserOrder.direction': undefined,
  'UserOrder.nulls': undefined,
  'UpdateListInput.title': 'Overwritten',
  'UpdateListInput.description': undefined,
  'UpdateSegmentInput.name': 'Overwritten',
  'UpdateSegmentInput.description': undefined,
  'UpdateUserInput.appBuild': undefined,
  'UpdateUserInput.appLastActiveAt': undefined,
  'UpdateUserInput.appVersion': undefined,
  'UpdateUserInput.createdAt': undefined,
  'UpdateUserInput.firstName': 'Overwritten',
  'UpdateUserInput.isAccount': undefined,
  'UpdateUserInput.lastName': undefined,
  'UpdateUserInput.meta': { overwritten: true },
  'UpdateUserInput.number': undefined,
  'UpdateUserInput.timeZone': undefined,
  'UpdateUserInput.removeMeta': undefined,
};

const paging = /\((after|before|first|last)\)$/;

/** Fields that return a connection. */
export const connectionFields = schemaFields.filter(({ field }) => field.args.some(({ name }) => name === 'after'));

/** Input types that are tried as a whole: a filter contains itself. */
export const wholeInputs: ReadonlySet<string> = new Set(['UserFilter']);

/** The input types within filters. */
const withinFilters = new Set<string>();
function collectWithin(type: GraphQLInputType | undefined): void {
  const named = type && getNamedType(type);
  if (!isInputObjectType(named) || withinFilters.has(named.name)) return;
  withinFilters.add(named.name);
  for (const field of Object.values(named.getFields())) collectWithin(field.type);
}
for (const name of wholeInputs) {
  const type = servedSchema.getType(name);
  if (isInputObjectType(type)) collectWithin(type);
}

/** The coordinates of all arguments and input fields, except for those of pages, those within filters, and input objects. */
export const coordinates: string[] = [
  ...schemaFields.flatMap(({ coordinate, field }) =>
    field.args.map((arg) => ({ at: `${coordinate}(${arg.name})`, type: arg.type })),
  ),
  ...Object.values(servedSchema.getTypeMap())
    .filter((type) => isInputObjectType(type))
    .filter(({ name }) => !withinFilters.has(name))
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ at: `${type.name}.${field.name}`, type: field.type })),
    ),
]
  .filter(({ at, type }) => {
    const named = getNamedType(type);
    return !paging.test(at) && (!isInputObjectType(named) || wholeInputs.has(named.name));
  })
  .map(({ at }) => at);
