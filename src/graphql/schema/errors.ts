import {
  type DomainError,
  ForbiddenError,
  IdempotencyConflictError,
  ListArchivedError,
  NotFoundError,
  UidNotUpdateableError,
  UidTakenError,
  ValidationError,
  type ValidationIssue,
} from '../../domain/shared/errors.ts';
import { builder } from './builder.ts';
import { encodeGlobalId } from './global-id.ts';

const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description: 'A fault that a caller of a mutation can act on.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Stable, for programs: such as `UID_TAKEN`.' }),
    message: t.exposeString('message', { description: 'For people; may change.' }),
  }),
});

const Issue = builder.objectRef<ValidationIssue>('ValidationIssue').implement({
  description: 'One fault of an input.',
  fields: (t) => ({
    path: t.exposeStringList('path', {
      description: 'Where in `input`: names of fields and, within lists, positions, such as `["device", "token"]`.',
    }),
    code: t.exposeString('code', { description: 'Stable, for programs: such as `TOO_LONG`.' }),
    message: t.exposeString('message', { description: 'For people; may change.' }),
  }),
});

builder.objectType(ValidationError, {
  name: 'ValidationError',
  description: 'The input breaks rules (`VALIDATION_FAILED`). Nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.expose('issues', { type: [Issue], description: 'Every fault of the input at once.' }),
  }),
});

builder.objectType(UidTakenError, {
  name: 'UidTakenError',
  description: 'Another user has the uid (`UID_TAKEN`).',
  interfaces: [ErrorInterface],
  fields: (t) => ({ uid: t.exposeString('uid', { description: 'The uid that is taken.' }) }),
});

builder.objectType(UidNotUpdateableError, {
  name: 'UidNotUpdateableError',
  description: 'A uid was to be set, but no user with this one may still be given another (`UID_NOT_UPDATEABLE`).',
  interfaces: [ErrorInterface],
  fields: (t) => ({ uid: t.exposeString('uid', { description: 'The uid that the input asked for the user by.' }) }),
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'There is no such thing in the caller’s workspace (`NOT_FOUND`).',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    resource: t.exposeString('resource', { description: 'Name of the type that was looked for, such as `User`.' }),
  }),
});

builder.objectType(ForbiddenError, {
  name: 'ForbiddenError',
  description: 'This input requires a scope that the caller lacks (`FORBIDDEN`). Nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    requiredScope: t.exposeString('requiredScope', { description: 'Such as `users:write`.' }),
  }),
});

builder.objectType(ListArchivedError, {
  name: 'ListArchivedError',
  description: 'The list is archived and takes no new members (`LIST_ARCHIVED`).',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    listId: t.id({ description: 'Global id of the list.', resolve: ({ listId }) => encodeGlobalId('List', listId) }),
  }),
});

builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflictError',
  description: `The idempotency key stands for another operation of the last 24 hours, or for one with another input
(\`IDEMPOTENCY_CONFLICT\`). Nothing was changed.`,
  interfaces: [ErrorInterface],
  fields: (t) => ({ idempotencyKey: t.exposeString('idempotencyKey', { description: 'The key of the input.' }) }),
});
