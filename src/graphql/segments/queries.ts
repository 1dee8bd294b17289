import { PAGE_MAXIMUM } from '../../domain/page.ts';
import { segmentsSource } from '../../domain/segments/read-segments.ts';
import { builder } from '../builder.ts';
import { connect } from '../connections.ts';
import { pageArguments } from '../page-arguments.ts';
import { SegmentConnection } from './segment.ts';

builder.queryField('segments', (t) =>
  t.field({
    type: SegmentConnection,
    description: 'All segments, newest first: 10 on a page by default, 100 at the most.',
    requiresScopes: ['segments:read'],
    args: pageArguments,
    resolve: (_root, args, context, info) =>
      connect(context, info, {
        name: 'Query.segments',
        parent: context.viewer.workspaceId,
        source: segmentsSource,
        args,
        maximum: PAGE_MAXIMUM,
      }),
  }),
);
