import { z } from 'zod';
import { createSegment, deleteSegment, updateSegment } from '../../domain/segments/define.ts';
import { newSegment, segmentSuppression, segmentUpdate } from '../../domain/segments/inputs.ts';
import type { Segment } from '../../domain/segments/segment.ts';
import { type SegmentSuppressionStatus, setSegmentSuppression } from '../../domain/segments/suppress.ts';
import {
  NotFoundError,
  SegmentCycleError,
  SegmentInUseError,
  TooManySegmentsError,
  ValidationError,
} from '../../domain/shared/errors.ts';
import { MAX_SEGMENT_DESCRIPTION_LENGTH, MAX_SEGMENT_NAME_LENGTH, MAX_SEGMENTS } from '../../domain/shared/limits.ts';
import { builder } from './builder.ts';
import { edgeIn, edgeOfPayload } from './connection.ts';
import { encodeGlobalId, globalId } from './global-id.ts';
import { SegmentEdge, SegmentMembershipType, SegmentType } from './segments.ts';
import { UserFilterInput, userFilterSchema } from './user-filter.ts';
import { userAfterChange } from './users.ts';

const segmentId = globalId('Segment');

const SEGMENT_ID = 'The global id of the segment.';
const NAME = `The segment's name: 1 to ${MAX_SEGMENT_NAME_LENGTH} printable characters.`;
const DESCRIPTION = `The segment's description: at most ${MAX_SEGMENT_DESCRIPTION_LENGTH} characters.`;
const WHERE = `The filter that members match, with the limits of \`users(where:)\`. It can refer to lists and other
segments by id.`;
const NOT_FOUND = 'Returns `NotFoundError` if the workspace has no such segment.';

const CreateSegmentInput = builder
  .inputType('CreateSegmentInput', {
    description: 'The segment to create.',
    fields: (t) => ({
      name: t.string({ required: true, description: NAME }),
      description: t.string({ description: `${DESCRIPTION} Null is equivalent to omitting it.` }),
      where: t.field({ type: UserFilterInput, required: true, description: WHERE }),
    }),
  })
  .validate(newSegment(userFilterSchema));

const CreateSegmentPayload = builder.objectRef<{ segment: Segment }>('CreateSegmentPayload').implement({
  description: 'The segment was created.',
  fields: (t) => ({
    segment: t.expose('segment', { type: SegmentType, description: 'The new segment.' }),
    segmentEdge: t.field({
      type: SegmentEdge,
      description: "The new segment's edge of the connection `segments`.",
      requiresScopes: ['segments:read'],
      extensions: edgeOfPayload,
      resolve: ({ segment }, _args, context) => edgeIn<Segment>('Query.segments', context, segment),
    }),
  }),
});

builder.mutationField('createSegment', (t) =>
  t.field({
    type: CreateSegmentPayload,
    description: `Creates a segment. Its members are computed in the background and then kept up to date. A workspace
can have at most ${MAX_SEGMENTS} segments. Returns \`ValidationError\` if the filter refers to a list or a segment
that does not exist.`,
    requiresScopes: ['segments:write', 'users:read'],
    extensions: { filter: 'input.where' },
    errors: {
      types: [ValidationError, TooManySegmentsError],
      union: { description: 'The result of `createSegment`: the new segment, or the reason why it was not created.' },
    },
    args: { input: t.arg({ type: CreateSegmentInput, required: true, description: 'The segment to create.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ segment: await createSegment(db, viewer, input) }),
  }),
);

const UpdateSegmentInput = builder
  .inputType('UpdateSegmentInput', {
    description: 'The changes to a segment. Omitted fields are not changed.',
    fields: (t) => ({
      segmentId: t.id({ required: true, description: SEGMENT_ID }),
      name: t.string({ description: `${NAME} Must not be null.` }),
      description: t.string({ description: `${DESCRIPTION} Null clears it.` }),
      where: t.field({ type: UserFilterInput, description: `${WHERE} Must not be null.` }),
    }),
  })
  .validate(segmentUpdate(userFilterSchema).extend({ segmentId }));

const UpdateSegmentPayload = builder.objectRef<{ segment: Segment }>('UpdateSegmentPayload').implement({
  description: 'The segment was updated.',
  fields: (t) => ({
    segment: t.expose('segment', { type: SegmentType, description: 'The segment after the change.' }),
  }),
});

builder.mutationField('updateSegment', (t) =>
  t.field({
    type: UpdateSegmentPayload,
    description: `Changes the name, the description or the filter of a segment. After a change of the filter, the
members are recomputed in the background; the segment keeps its previous members until that is complete. A filter that
equals the latest one changes nothing. Returns \`SegmentCycleError\` if the segment would depend on itself.
${NOT_FOUND}`,
    requiresScopes: ['segments:write', 'users:read'],
    extensions: { filter: 'input.where' },
    errors: {
      types: [ValidationError, NotFoundError, SegmentCycleError],
      union: {
        description: 'The result of `updateSegment`: the updated segment, or the reason why it was not changed.',
      },
    },
    args: { input: t.arg({ type: UpdateSegmentInput, required: true, description: 'The changes to the segment.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ segment: await updateSegment(db, viewer, input) }),
  }),
);

const DeleteSegmentInput = builder
  .inputType('DeleteSegmentInput', {
    description: 'The segment to delete.',
    fields: (t) => ({ segmentId: t.id({ required: true, description: SEGMENT_ID }) }),
  })
  .validate(z.object({ segmentId }));

const DeleteSegmentPayload = builder.objectRef<{ segmentId: string }>('DeleteSegmentPayload').implement({
  description: 'The segment was deleted.',
  fields: (t) => ({
    segmentId: t.id({
      description: 'The global id of the deleted segment.',
      resolve: (payload) => encodeGlobalId('Segment', payload.segmentId),
    }),
  }),
});

builder.mutationField('deleteSegment', (t) =>
  t.field({
    type: DeleteSegmentPayload,
    description: `Deletes a segment, with all suppressions in it. This cannot be undone. Returns \`SegmentInUseError\`
if filters of other segments refer to it. ${NOT_FOUND}`,
    requiresScopes: ['segments:write'],
    errors: {
      types: [ValidationError, NotFoundError, SegmentInUseError],
      union: {
        description: 'The result of `deleteSegment`: the id of the segment, or the reason why it was not deleted.',
      },
    },
    args: { input: t.arg({ type: DeleteSegmentInput, required: true, description: 'The segment to delete.' }) },
    resolve: async (_root, { input }, { db, viewer }) => {
      await deleteSegment(db, viewer, input.segmentId);
      return input;
    },
  }),
);

const SetSegmentSuppressionInput = builder
  .inputType('SetSegmentSuppressionInput', {
    description: 'The suppression to set.',
    fields: (t) => ({
      uid: t.string({ required: true, description: "The user's uid." }),
      segmentId: t.id({ required: true, description: SEGMENT_ID }),
      suppressed: t.boolean({
        required: true,
        description: 'True excludes the user from broadcasts to the segment; false includes the user again.',
      }),
    }),
  })
  .validate(segmentSuppression.extend({ segmentId }));

const SetSegmentSuppressionPayload = builder
  .objectRef<SegmentSuppressionStatus>('SetSegmentSuppressionPayload')
  .implement({
    description: 'The suppression was set.',
    fields: (t) => ({
      suppressed: t.exposeBoolean('suppressed', { description: 'Whether the user is suppressed in the segment.' }),
      segment: t.field({
        type: SegmentType,
        nullable: true,
        description: 'The segment. Null if it has been deleted since.',
        resolve: ({ segmentId: id }, _args, { loaders }) => loaders.segments.load(id),
      }),
      user: userAfterChange(t, ({ userId }) => userId),
      membership: t.field({
        type: SegmentMembershipType,
        nullable: true,
        description: "The user's membership in the segment. Null if the user is not a member.",
        requiresScopes: ['users:read'],
        resolve: async ({ userId, segmentId: id }, _args, { loaders }) => {
          const memberships = await loaders.segmentMemberships.load(userId);
          return memberships?.find(({ segment }) => segment.id === id);
        },
      }),
    }),
  });

builder.mutationField('setSegmentSuppression', (t) =>
  t.field({
    type: SetSegmentSuppressionPayload,
    description: `Suppresses a user in a segment, which excludes the user from broadcasts to it, or ends the
suppression. The suppression persists when the user exits the segment and enters it again, and can be set for a user
who is not a member. Returns \`NotFoundError\` if the workspace has no such user or segment.`,
    requiresScopes: ['segments:write'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: {
        description: 'The result of `setSegmentSuppression`: the suppression, or the reason why it was not changed.',
      },
    },
    args: {
      input: t.arg({ type: SetSegmentSuppressionInput, required: true, description: 'The suppression to set.' }),
    },
    resolve: (_root, { input }, { db, viewer }) => setSegmentSuppression(db, viewer, input),
  }),
);
