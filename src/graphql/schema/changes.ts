import type { Action, Change } from '../../domain/changes/change.ts';
import { changeColumns, userChangesSource } from '../../domain/changes/change.ts';
import { type ChangePage, readChanges } from '../../domain/changes/page.ts';
import { ValidationError } from '../../domain/shared/errors.ts';
import { DEFAULT_PAGE_SIZE, issue, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import type { ChangeRow } from '../loaders/partial-rows.ts';
import { readingOf } from '../loaders/related-reads.ts';
import { pageArguments } from './arguments.ts';
import { builder } from './builder.ts';
import { columns, fromColumns } from './columns-plugin.ts';
import { connect, connectionTypes, withNodes } from './connection.ts';
import { decodeIdOf, encodeGlobalId, type NodeType } from './global-id.ts';
import { UserType } from './users.ts';

const action = <Value extends Action>(value: Value, description: string) => ({ value, description });

const ChangeActionType = builder.enumType('ChangeAction', {
  description: 'The kind of a change.',
  values: {
    CREATE_USER: action('createUser', 'Created a user.'),
    UPDATE_USER: action('updateUser', 'Updated a user.'),
    CLAIM_USER: action('claimUser', 'Gave an imported user a uid.'),
    DELETE_USER: action('deleteUser', 'Deleted a user, with all memberships.'),
    REGISTER_DEVICE: action('registerDevice', 'Registered a device of a user.'),
    REMOVE_DEVICE: action('removeDevice', 'Removed a device of a user.'),
    CREATE_LIST: action('createList', 'Created a list.'),
    UPDATE_LIST: action('updateList', 'Updated a list.'),
    ARCHIVE_LIST: action('archiveList', 'Archived a list.'),
    SUBSCRIBE_TO_LIST: action('subscribeToList', 'Subscribed a user to a list.'),
    UNSUBSCRIBE_FROM_LIST: action('unsubscribeFromList', 'Unsubscribed a member from a list.'),
    REMOVE_FROM_LIST: action('removeFromList', 'Removed a user from a list.'),
    ADD_EVENT: action('addEvent', 'Added an event to a user.'),
    CREATE_KEY: action('createKey', 'Created an API key.'),
    UPDATE_KEY: action('updateKey', 'Changed the name, the scopes, the expiry or the limits of an API key.'),
    ROTATE_KEY: action('rotateKey', 'Replaced the secret of an API key.'),
    REVOKE_KEY: action('revokeKey', 'Revoked an API key.'),
    RENAME_WORKSPACE: action('renameWorkspace', 'Renamed the workspace.'),
    DECLARE_ATTRIBUTE: action('declareAttribute', 'Declared an attribute of users.'),
    UNDECLARE_ATTRIBUTE: action('undeclareAttribute', 'Removed the declaration of an attribute.'),
    CREATE_SEGMENT: action('createSegment', 'Created a segment.'),
    UPDATE_SEGMENT: action('updateSegment', 'Updated a segment.'),
    DELETE_SEGMENT: action('deleteSegment', 'Deleted a segment, with all memberships.'),
    SET_SEGMENT_SUPPRESSION: action(
      'setSegmentSuppression',
      'Suppressed a user in a segment, or ended the suppression.',
    ),
    SEGMENT_ENTERED: action('enterSegment', 'A user became a member of a segment. Computed by usergraph.'),
    SEGMENT_EXITED: action('exitSegment', 'A user stopped being a member of a segment. Computed by usergraph.'),
    SEGMENT_COMPUTED: action(
      'computeSegment',
      'The members of a new or changed segment are complete. Recorded instead of `SEGMENT_ENTERED` and `SEGMENT_EXITED` for each user.',
    ),
    EXPORT_USER: action('exportUser', "Exported a user's data. Nothing was written."),
  } as const satisfies { [name: string]: { value: Action; description: string } },
});

const ChangeType = builder.objectRef<ChangeRow>('Change');

/** A path, in which the id of a list or segment is a global id. */
function withGlobalId(path: string): string {
  const [, kind, id = ''] = /^(list|segment)\.(.+)$/.exec(path) ?? [];
  return kind === undefined ? path : `${kind}.${encodeGlobalId(kind === 'list' ? 'List' : 'Segment', id)}`;
}

const globalIdOf = (type: NodeType, column: 'userId' | 'listId' | 'eventId' | 'segmentId') =>
  fromColumns<Change, typeof column, unknown, unknown, string | null>([column], (change) => {
    const id = change[column];
    return id === null ? null : encodeGlobalId(type, id);
  });

ChangeType.implement({
  description:
    'A write in the workspace, or a user who entered or exited a segment. The objects that it refers to may have been deleted.',
  requiresScopes: ['audit:read'],
  row: { columns: changeColumns, file: 'src/domain/changes/change.ts' },
  fields: (t) => ({
    id: t.id({
      description:
        'Identifies the change in normalized caches: unique across types, opaque and stable. A change is not a `Node`.',
      resolve: fromColumns(['id'], ({ id }) => encodeGlobalId('Change', id)),
    }),
    at: columns(t).expose('at', {
      type: 'DateTime',
      description: 'The time of the change, by the clock of the gateway.',
    }),
    action: columns(t).expose('action', { type: ChangeActionType, description: 'The kind of change.' }),
    actor: columns(t).exposeString('keyId', {
      description: `The author of the change: the id of an API key; \`token:\` and the subject of a token; \`cli\` for
the command line; \`segments\` for the computation of segments; or \`erased\` for a token whose subject was erased together with a
user.`,
    }),
    userId: t.id({ nullable: true, description: 'The affected user.', resolve: globalIdOf('User', 'userId') }),
    listId: t.id({ nullable: true, description: 'The affected list.', resolve: globalIdOf('List', 'listId') }),
    eventId: t.id({ nullable: true, description: 'The added event.', resolve: globalIdOf('Event', 'eventId') }),
    segmentId: t.id({
      nullable: true,
      description: 'The affected segment.',
      resolve: globalIdOf('Segment', 'segmentId'),
    }),
    apiKeyId: columns(t).exposeString('apiKeyId', { nullable: true, description: 'The id of the changed API key.' }),
    paths: t.stringList({
      nullable: true,
      description: `What was written: fields such as \`email\`, attributes such as \`meta.plan\`, events such as \`event.purchase\`. For a user who
entered or left a segment, the cause: which of these the segment depends on, \`devices\`, \`list.\` or \`segment.\` with a global id, or
\`time\`; the action in camel case, such as \`createUser\`, if that affects all conditions. For \`SEGMENT_COMPUTED\`, how many users
entered and exited, such as \`entered:16\`. Null if it follows from \`action\`, or if it is unknown; anything may have changed. Null for a
user whose data has been erased.`,
      resolve: fromColumns(['changed'], ({ changed }) => changed?.map(withGlobalId) ?? null),
    }),
    user: t.field({
      type: UserType,
      nullable: true,
      description: 'The affected user in its current state. Null if there is none, or if the user has been deleted.',
      requiresScopes: ['audit:read', 'users:read'],
      resolve: fromColumns(['userId'], async ({ userId }, _args, context, info) =>
        userId === null ? null : ((await context.loaders.user({ id: userId }, readingOf(info, context))) ?? null),
      ),
    }),
  }),
});

const partOfPage = { cost: 0, passesRows: true } as const;

const ChangeFeedType = builder.objectRef<ChangePage>('ChangeFeed').implement({
  description: 'A page of the log of changes.',
  requiresScopes: ['audit:read'],
  fields: (t) => ({
    changes: t.field({
      type: [ChangeType],
      description: `The changes. The changes of one user are in the order in which they were made; changes of
different users are in no particular order.`,
      extensions: partOfPage,
      resolve: ({ changes }) => [...changes],
    }),
    cursor: t.exposeString('cursor', {
      description: 'The position after the page, to pass as `after`. Present even if the page is empty. Opaque.',
    }),
    hasMore: t.exposeBoolean('hasMore', {
      description:
        'Whether more changes were available when the page was read. If false, poll again later with `cursor`.',
    }),
  }),
});

const ChangeStartType = builder.enumType('ChangeStart', {
  description: 'Where to start reading changes.',
  values: {
    OLDEST: {
      value: 'oldest',
      description: 'Start with the oldest change in the log, which is retained for 30 days by default.',
    },
    NOW: { value: 'now', description: 'Start at the current position: returns an empty page with a cursor.' },
  } as const,
});

builder.queryField('changes', (t) =>
  t.field({
    type: ChangeFeedType,
    description: `The log of changes of the workspace. Pages that each continue with the \`cursor\` of the previous
one contain every change exactly once, regardless of concurrent transactions. Fails with the code \`CURSOR_EXPIRED\`
if changes after the cursor have been deleted, or the database has been restored: read all objects that you follow,
and start again without a cursor.`,
    requiresScopes: ['audit:read'],
    args: {
      after: t.arg.string({ description: 'The `cursor` of the previous page. Cannot be combined with `from: NOW`.' }),
      first: t.arg.int({
        description: `The maximum number of changes to return: 1 to ${MAX_PAGE_SIZE}. Defaults to
${DEFAULT_PAGE_SIZE}.`,
      }),
      from: t.arg({
        type: ChangeStartType,
        description: 'Where to start if `after` is omitted. Defaults to `OLDEST`.',
      }),
    },
    resolve: (_root, { after, first, from }, { db, viewer }) =>
      readChanges(db, viewer.workspaceId, { after, first, fromNow: from === 'now' }),
  }),
);

const { connection: ChangeConnection } = connectionTypes<Change>({
  name: 'Change',
  node: ChangeType,
  description: 'A page of changes, newest first.',
});

withNodes(ChangeConnection, ChangeType);

builder.queryField('userChanges', (t) =>
  t.field({
    type: ChangeConnection,
    description: `The changes of a user, newest first, including those of a deleted user. Empty for an unknown user.
Page size: ${DEFAULT_PAGE_SIZE} by default, at most ${MAX_PAGE_SIZE}.`,
    requiresScopes: ['audit:read'],
    args: {
      userId: t.arg.id({ required: true, description: 'The global id of the user.' }),
      ...pageArguments,
    },
    resolve: (_root, { userId, ...args }, context, info) => {
      const id = decodeIdOf('User', userId);
      if (id === undefined)
        throw new ValidationError([issue('userId', 'INVALID_ID', 'must be the global id of a User')]);
      const source = userChangesSource(context.viewer.workspaceId);
      return connect(context, info, { parent: id, source, args, maximum: MAX_PAGE_SIZE });
    },
  }),
);
