import type { Viewer } from '../../auth/viewer.ts';
import { builder } from './builder.ts';

const ViewerType = builder.objectRef<Viewer>('Viewer').implement({
  description: 'The caller, as identified by the credentials of the request.',
  fields: (t) => ({
    workspace: t.exposeString('workspace', { description: 'The name of the workspace that the caller can access.' }),
    keyId: t.exposeString('keyId', {
      description: "The id of the caller's API key, or the subject of the caller's token.",
    }),
    scopes: t.stringList({
      description: `The scopes that the caller has, such as \`users:read\`. A public key without its secret has at most
\`users:identify\` and \`events:write\`.`,
      resolve: ({ scopes }) => [...scopes],
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerType,
    description: 'Returns the caller. Requires valid credentials, but no scope.',
    resolve: (_root, _args, { viewer }) => viewer,
  }),
);
