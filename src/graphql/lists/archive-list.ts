import { NotFoundError, ValidationError } from '../../domain/errors.ts';
import { archiveList } from '../../domain/lists/archive-list.ts';
import type { List } from '../../domain/lists/list.ts';
import { builder } from '../builder.ts';
import { ArchiveListInput } from './inputs.ts';
import { ListType } from './list.ts';

const ArchiveListPayload = builder.objectRef<{ list: List }>('ArchiveListPayload').implement({
  description: 'The list is archived.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The archived list.' }) }),
});

builder.mutationField('archiveList', (t) =>
  t.field({
    type: ArchiveListPayload,
    description: 'Archives a list: it takes no new members, those it has stay. Archiving again changes nothing.',
    requiresScopes: ['lists:write'],
    errors: { types: [ValidationError, NotFoundError], union: { description: 'The list, or why it is unchanged.' } },
    args: { input: t.arg({ type: ArchiveListInput, required: true, description: 'Which list.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({
      list: await archiveList(db, viewer, input.listId),
    }),
  }),
);
