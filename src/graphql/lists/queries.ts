import { listsSource } from '../../domain/lists/read-lists.ts';
import { PAGE_MAXIMUM } from '../../domain/page.ts';
import { builder } from '../builder.ts';
import { connect } from '../connections.ts';
import { pageArguments } from '../page-arguments.ts';
import { ListConnection } from './list.ts';

builder.queryField('lists', (t) =>
  t.field({
    type: ListConnection,
    description: 'All lists, archived ones too, newest first: 10 on a page by default, 100 at the most.',
    requiresScopes: ['lists:read'],
    args: pageArguments,
    resolve: (_root, args, context, info) =>
      connect(context, info, {
        name: 'Query.lists',
        parent: context.viewer.workspaceId,
        source: listsSource,
        args,
        maximum: PAGE_MAXIMUM,
      }),
  }),
);
