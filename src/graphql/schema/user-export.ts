import { z } from 'zod';
import { NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import { exportUser, MAX_EXPORT_CHARACTERS, MAX_EXPORT_ROWS } from '../../domain/transfer/export-user.ts';
import type { UserExport } from '../../domain/transfer/user-export-schema.ts';
import { uid } from '../../domain/users/inputs.ts';
import { builder } from './builder.ts';

/** Complexity of an export, which reads up to 20 pages of rows: an operation with the default limit can have three. */
const EXPORT_COST = 250;

const ExportUserInput = builder
  .inputType('ExportUserInput', {
    description: 'The user to export.',
    fields: (t) => ({ uid: t.string({ required: true, description: "The user's uid." }) }),
  })
  .validate(z.object({ uid }));

const ExportUserPayload = builder.objectRef<UserExport>('ExportUserPayload').implement({
  description: 'The user was exported.',
  fields: (t) => ({
    document: t.field({
      type: 'UserExport',
      description: 'Everything that is stored about the user.',
      resolve: (document) => document,
    }),
  }),
});

builder.mutationField('exportUser', (t) =>
  t.field({
    type: ExportUserPayload,
    description: `Exports everything that is stored about a user as one JSON document: the profile, devices, memberships, all events, and all
audit entries. A mutation, because the export is recorded in the audit trail, before the data is read. Fails with the code
\`LIMIT_EXCEEDED\` if there are more than ${MAX_EXPORT_ROWS} events and audit entries, or more than ${MAX_EXPORT_CHARACTERS / 1024 ** 2} MB; the command line has no
limit. Returns \`NotFoundError\` if the workspace has no user with the uid, or if the user is deleted meanwhile.`,
    requiresScopes: ['privacy:export'],
    extensions: { cost: EXPORT_COST },
    errors: {
      types: [ValidationError, NotFoundError],
      union: { description: 'The result of `exportUser`: the exported data, or the reason why nothing was exported.' },
    },
    args: { input: t.arg({ type: ExportUserInput, required: true, description: 'The user to export.' }) },
    resolve: (_root, { input }, { db, viewer }) => exportUser(db, viewer, input.uid),
  }),
);
