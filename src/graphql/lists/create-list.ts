import { ValidationError } from '../../domain/errors.ts';
import { createList } from '../../domain/lists/create-list.ts';
import type { List } from '../../domain/lists/list.ts';
import { builder } from '../builder.ts';
import { CreateListInput } from './inputs.ts';
import { ListType } from './list.ts';

const CreateListPayload = builder.objectRef<{ list: List }>('CreateListPayload').implement({
  description: 'The list was created.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The new list.' }) }),
});

builder.mutationField('createList', (t) =>
  t.field({
    type: CreateListPayload,
    description: 'Creates a list.',
    requiresScopes: ['lists:write'],
    errors: { types: [ValidationError], union: { description: 'A new list, or why there is none.' } },
    args: { input: t.arg({ type: CreateListInput, required: true, description: 'The new list.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ list: await createList(db, viewer, input) }),
  }),
);
