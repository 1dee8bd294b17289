import { NotFoundError, ValidationError } from '../../domain/errors.ts';
import type { List } from '../../domain/lists/list.ts';
import { updateList } from '../../domain/lists/update-list.ts';
import { builder } from '../builder.ts';
import { UpdateListInput } from './inputs.ts';
import { ListType } from './list.ts';

const UpdateListPayload = builder.objectRef<{ list: List }>('UpdateListPayload').implement({
  description: 'The list is as the input says.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The list after the change.' }) }),
});

builder.mutationField('updateList', (t) =>
  t.field({
    type: UpdateListPayload,
    description: 'Changes a list’s title or description; an archived list’s too.',
    requiresScopes: ['lists:write'],
    errors: { types: [ValidationError, NotFoundError], union: { description: 'The list, or why it is unchanged.' } },
    args: { input: t.arg({ type: UpdateListInput, required: true, description: 'The changes.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ list: await updateList(db, viewer, input) }),
  }),
);
