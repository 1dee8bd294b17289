import type { Viewer } from '../../auth/viewer.ts';
import { builder } from './builder.ts';

const ViewerType = builder.objectRef<Viewer>('Viewer').implement({
  description: 'Who calls, and what they may do.',
  fields: (t) => ({
    workspace: t.exposeString('workspace', { description: 'Name of the workspace that the caller sees.' }),
    keyId: t.exposeString('keyId', {
      description: 'Id of the key by which the caller was let in, or the subject of their token.',
    }),
    scopes: t.stringList({
      description:
        'What the caller may do. With the public key alone: `users:identify` and `events:write` at the most.',
      resolve: ({ scopes }) => [...scopes],
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerType,
    description: 'Who calls. Needs a key, and no scope.',
    resolve: (_root, _args, { viewer }) => viewer,
  }),
);
