/** The names of the objects that an operation refers to. */
export interface Names {
  uid: string;
  token: string;
  /** Global ids. */
  user: string;
  list: string;
  segment: string;
  event: string;
  /** UUIDs. */
  importJob: string;
  exportJob: string;
  /** The key of a declared attribute. */
  declaredKey: string;
}

/** The body of a request. */
export interface Sent {
  document: string;
  variables: Record<string, unknown>;
}

/** A mutation with an input, which selects all fields of errors. */
function mutation(field: string, input: Record<string, unknown>): Sent {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  return {
    document: `mutation ($input: ${type}!) {
      ${field}(input: $input) { __typename ... on Error { code message } }
    }`,
    variables: { input },
  };
}

const page = 'totalCount edges { cursor node { id } }';

/** The selection for a node of any type. */
const nodes = `__typename ... on Node { id }
  ... on User { uid email } ... on List { title } ... on Segment { name } ... on Event { name user { uid } }`;

const query = (document: string, variables: Record<string, unknown> = {}): Sent => ({ document, variables });

/**
 * Operations on the named objects, for every field of `Query` and `Mutation`. Each operation uses every name that its field
 * accepts.
 * @param own names of objects in the caller's workspace.
 */
export function rootOperations(about: Names, own: Names): Record<string, Sent[]> {
  const ids = [about.user, about.list, about.segment, about.event];
  const entities = (...representations: object[]) =>
    query(`query ($of: [_Any!]!) { _entities(representations: $of) { ${nodes} } }`, {
      of: representations,
    });
  return {
    'Query.viewer': [query('{ viewer { workspace scopes } }')],
    'Query.node': ids.map((id) => query(`query ($id: ID!) { node(id: $id) { ${nodes} } }`, { id })),
    'Query.nodes': [query(`query ($ids: [ID!]!) { nodes(ids: $ids) { ${nodes} } }`, { ids })],
    'Query.user': [query('query ($uid: String!) { user(uid: $uid) { id uid } }', { uid: about.uid })],
    'Query.list': [query('query ($id: ID!) { list(id: $id) { __typename id } }', { id: about.list })],
    'Query.segment': [query('query ($id: ID!) { segment(id: $id) { __typename id } }', { id: about.segment })],
    'Query.importJob': [query('query ($id: ID!) { importJob(id: $id) { __typename } }', { id: about.importJob })],
    'Query.exportJob': [query('query ($id: ID!) { exportJob(id: $id) { __typename } }', { id: about.exportJob })],
    'Query.event': [query('query ($id: ID!) { event(id: $id) { __typename id } }', { id: about.event })],
    'Query.users': [query(`{ users { ${page} } }`)],
    'Query.lists': [query(`{ lists { ${page} } }`)],
    'Query.segments': [query(`{ segments { ${page} } }`)],
    'Query.previewSegment': [
      query('query ($where: UserFilter!) { previewSegment(where: $where) { __typename } }', {
        where: { uid: { eq: about.uid } },
      }),
      query('query ($where: UserFilter!) { previewSegment(where: $where) { count countIsCapped sample { uid } } }', {
        where: { segments: { some: { segmentIds: [about.segment] } } },
      }),
    ],
    'Query.declaredAttributes': [
      query('{ declaredAttributes { __typename } }'),
      query('{ declaredAttributes { key type isReady } }'),
    ],
    'Query.changes': [
      query('{ changes { __typename } }'),
      query('{ changes { changes { id userId listId segmentId eventId } hasMore } }'),
    ],
    'Query.userChanges': [
      query('query ($id: ID!) { userChanges(userId: $id) { __typename } }', { id: about.user }),
      query('query ($id: ID!) { userChanges(userId: $id) { totalCount nodes { id userId } } }', { id: about.user }),
    ],
    'Query._service': [query('{ _service { sdl } }')],
    'Query._entities': [
      query('query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { id uid } } }', {
        of: [
          { __typename: 'User', id: about.user },
          { __typename: 'User', uid: about.uid },
        ],
      }),
      entities(
        { __typename: 'User', id: about.user },
        { __typename: 'User', uid: about.uid },
        { __typename: 'List', id: about.list },
        { __typename: 'Segment', id: about.segment },
        { __typename: 'Event', id: about.event },
      ),
    ],
    'Mutation.createUser': [
      mutation('createUser', { uid: 'fresh', listIds: [own.list, about.list] }),
      mutation('createUser', { uid: about.uid }),
    ],
    'Mutation.updateUser': [
      mutation('updateUser', { uid: `${about.uid}-2`, newUid: 'fresh' }),
      mutation('updateUser', { uid: about.uid, firstName: 'Overwritten', meta: { overwritten: true } }),
    ],
    'Mutation.addEvent': [mutation('addEvent', { uid: about.uid, name: 'Overwritten' })],
    'Mutation.upsertUsers': [
      mutation('upsertUsers', { users: [{ uid: about.uid, firstName: 'Overwritten', meta: { overwritten: true } }] }),
    ],
    'Mutation.addEvents': [mutation('addEvents', { events: [{ uid: about.uid, name: 'Overwritten' }] })],
    'Mutation.exportUser': [mutation('exportUser', { uid: about.uid })],
    'Mutation.deleteUser': [mutation('deleteUser', { uid: about.uid })],
    'Mutation.deleteUsers': [mutation('deleteUsers', { uids: [about.uid] })],
    'Mutation.removeDevice': [
      mutation('removeDevice', { uid: about.uid, token: about.token }),
      mutation('removeDevice', { uid: own.uid, token: about.token }),
    ],
    'Mutation.declareAttribute': [mutation('declareAttribute', { key: about.declaredKey, type: 'STRING' })],
    'Mutation.undeclareAttribute': [mutation('undeclareAttribute', { key: about.declaredKey })],
    'Mutation.createList': [mutation('createList', { title: 'Another' })],
    'Mutation.updateList': [mutation('updateList', { listId: about.list, title: 'Overwritten' })],
    'Mutation.archiveList': [mutation('archiveList', { listId: about.list })],
    'Mutation.createSegment': [
      mutation('createSegment', { name: 'Another', where: { uid: { eq: about.uid } } }),
      mutation('createSegment', { name: 'Another', where: { segments: { some: { segmentIds: [about.segment] } } } }),
      mutation('createSegment', { name: 'Another', where: { lists: { none: { listIds: [about.list] } } } }),
    ],
    'Mutation.updateSegment': [
      mutation('updateSegment', { segmentId: about.segment, name: 'Overwritten', where: { uid: { eq: about.uid } } }),
      mutation('updateSegment', { segmentId: own.segment, where: { lists: { some: { listIds: [about.list] } } } }),
    ],
    'Mutation.deleteSegment': [mutation('deleteSegment', { segmentId: about.segment })],
    'Mutation.setSegmentSuppression': [
      mutation('setSegmentSuppression', { uid: own.uid, segmentId: about.segment, suppressed: true }),
      mutation('setSegmentSuppression', { uid: about.uid, segmentId: own.segment, suppressed: true }),
    ],
    'Mutation.setListSubscription': [
      mutation('setListSubscription', { uid: own.uid, listId: about.list, subscribed: true }),
      mutation('setListSubscription', { uid: about.uid, listId: own.list, subscribed: true }),
      mutation('setListSubscription', { uid: about.uid, listId: about.list, subscribed: false }),
    ],
    'Mutation.setListSubscriptions': [
      mutation('setListSubscriptions', {
        subscriptions: [
          { uid: own.uid, listId: about.list, subscribed: true },
          { uid: about.uid, listId: own.list, subscribed: true },
          { uid: about.uid, listId: about.list, subscribed: false },
        ],
      }),
    ],
    'Mutation.removeFromList': [
      mutation('removeFromList', { uid: own.uid, listId: about.list }),
      mutation('removeFromList', { uid: about.uid, listId: own.list }),
      mutation('removeFromList', { uid: about.uid, listId: about.list }),
    ],
  };
}
