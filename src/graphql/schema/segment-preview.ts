import { COUNT_CAP, type Count, countOrdered } from '../../db/reading/count.ts';
import { readOrderedPage } from '../../db/reading/ordered/page.ts';
import type { OrderedSource } from '../../db/reading/ordered/source.ts';
import { rejectAllSegments } from '../../domain/segments/references.ts';
import { matchingUsers } from '../../domain/users/query.ts';
import type { User } from '../../domain/users/user.ts';
import { selectionOf } from '../loaders/selected-fields.ts';
import { builder } from './builder.ts';
import { UserFilterInput, userFilterSchema } from './user-filter.ts';
import { UserType } from './users.ts';

/** Number of users in a sample. */
const SAMPLE_SIZE = 10;

/** The users who would be members. They are counted only if a count is selected, and only once. */
interface Preview {
  users: OrderedSource<User>;
  count(): Promise<Count>;
}

const countCost = { cost: 1 };

const SegmentPreview = builder.objectRef<Preview>('SegmentPreview').implement({
  description: 'The users who would be members of a segment with a given filter.',
  requiresScopes: ['segments:read', 'users:read'],
  fields: (t) => ({
    count: t.int({
      description: `The number of users, capped at ${COUNT_CAP.toLocaleString('en-US')}. Lower if counting exceeds a
time limit (1 s by default). Computed only if selected.`,
      extensions: countCost,
      resolve: async (preview) => (await preview.count()).count,
    }),
    countIsCapped: t.boolean({
      description: 'Whether there are more users than `count`.',
      extensions: countCost,
      resolve: async (preview) => (await preview.count()).isCapped,
    }),
    sample: t.field({
      type: [UserType],
      description: `The newest ${SAMPLE_SIZE} of the users.`,
      resolve: async ({ users }, _args, { reads }, info) => {
        const page = { size: SAMPLE_SIZE, from: 'start', withNeighbours: false } as const;
        return (await readOrderedPage(reads, users, page, selectionOf(info).columns)).rows;
      },
    }),
  }),
});

builder.queryField('previewSegment', (t) =>
  t.field({
    type: SegmentPreview,
    description:
      'Returns the users who would currently be members of a segment with a given filter. Does not create a segment.',
    requiresScopes: ['segments:read', 'users:read'],
    args: {
      where: t.arg({
        type: UserFilterInput,
        required: true,
        description:
          'The filter, as for `createSegment`. A reference to a list or a segment that does not exist matches no user.',
        validate: userFilterSchema,
      }),
    },
    extensions: { filter: 'where' },
    resolve: (_root, { where }, { db, reads, viewer, now }) => {
      rejectAllSegments(where);
      const users = matchingUsers(viewer.workspaceId, { where }, now);
      let count: Promise<Count> | undefined;
      const limits = { maximum: COUNT_CAP, budgetMs: db.timeouts.countMs };
      return { users, count: () => (count ??= countOrdered(reads, users, limits)) };
    },
  }),
);
