import {
  AttributeDeclaredError,
  BatchRejectedError,
  type DomainError,
  ForbiddenError,
  IdempotencyConflictError,
  ListArchivedError,
  NotFoundError,
  SegmentCycleError,
  SegmentInUseError,
  TooManyAttributesError,
  TooManySegmentsError,
  UidNotUpdateableError,
  UidTakenError,
  ValidationError,
  type ValidationIssue,
} from '../../domain/shared/errors.ts';
import { AttributeTypeEnum } from './attribute-type.ts';
import { builder } from './builder.ts';
import { encodeGlobalId } from './global-id.ts';

const MESSAGE = 'A description of the error for developers. The text can change; use `code` in programs.';

const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description: 'An error of a mutation that the client can handle. Returned as a member of the mutation result.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A stable error code, such as `UID_TAKEN`.' }),
    message: t.exposeString('message', { description: MESSAGE }),
  }),
});

/** A problem with an input. */
export const ValidationIssueType = builder.objectRef<ValidationIssue>('ValidationIssue').implement({
  description: 'A problem with an input.',
  fields: (t) => ({
    path: t.exposeStringList('path', {
      description:
        'The path of the value within `input`: field names, and indexes of list items, such as `["device", "token"]`.',
    }),
    code: t.exposeString('code', { description: 'A stable code for the problem, such as `TOO_LONG`.' }),
    message: t.exposeString('message', {
      description: 'A description of the problem for developers. The text can change; use `code` in programs.',
    }),
  }),
});

builder.objectType(ValidationError, {
  name: 'ValidationError',
  description: 'The input is invalid. Nothing was changed. Code: `VALIDATION_FAILED`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.expose('issues', { type: [ValidationIssueType], description: 'All problems with the input.' }),
  }),
});

builder.objectType(UidTakenError, {
  name: 'UidTakenError',
  description: 'Another user has the uid. Nothing was changed. Code: `UID_TAKEN`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ uid: t.exposeString('uid', { description: 'The uid that another user has.' }) }),
});

builder.objectType(UidNotUpdateableError, {
  name: 'UidNotUpdateableError',
  description: `The input sets \`newUid\`, but there is no user with the uid whose \`uidUpdateable\` is true. Nothing
was changed. Code: \`UID_NOT_UPDATEABLE\`.`,
  interfaces: [ErrorInterface],
  fields: (t) => ({ uid: t.exposeString('uid', { description: 'The `uid` of the input.' }) }),
});

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'The workspace has no such object. Nothing was changed. Code: `NOT_FOUND`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    resource: t.exposeString('resource', { description: 'The type of the missing object, such as `User`.' }),
  }),
});

builder.objectType(ForbiddenError, {
  name: 'ForbiddenError',
  description: 'The change requires a scope that the caller does not have. Nothing was changed. Code: `FORBIDDEN`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    requiredScope: t.exposeString('requiredScope', { description: 'The missing scope, such as `users:write`.' }),
  }),
});

builder.objectType(ListArchivedError, {
  name: 'ListArchivedError',
  description: 'The list is archived and accepts no new members. Nothing was changed. Code: `LIST_ARCHIVED`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    listId: t.id({
      description: 'The global id of the list.',
      resolve: ({ listId }) => encodeGlobalId('List', listId),
    }),
  }),
});

builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflictError',
  description: `The idempotency key was used within the last 24 hours for another operation or another input. Nothing
was changed. Code: \`IDEMPOTENCY_CONFLICT\`.`,
  interfaces: [ErrorInterface],
  fields: (t) => ({
    idempotencyKey: t.exposeString('idempotencyKey', { description: 'The `idempotencyKey` of the input.' }),
  }),
});

builder.objectType(BatchRejectedError, {
  name: 'BatchRejectedError',
  description: `The input is valid, but was not written, because another input of the bulk mutation failed and the \`errorPolicy\` is
\`REJECT_ALL\`. Code: \`BATCH_REJECTED\`.`,
  interfaces: [ErrorInterface],
});

builder.objectType(AttributeDeclaredError, {
  name: 'AttributeDeclaredError',
  description: 'The attribute is declared with another type. Nothing was changed. Code: `ATTRIBUTE_DECLARED`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key of the attribute.' }),
    declaredType: t.expose('declaredType', { type: AttributeTypeEnum, description: 'The type of the declaration.' }),
  }),
});

builder.objectType(TooManyAttributesError, {
  name: 'TooManyAttributesError',
  description: `The workspace has declared as many attributes as it can, or the values of attributes that it has just
undeclared have not been deleted yet. Nothing was changed. Code: \`LIMIT_EXCEEDED\`.`,
  interfaces: [ErrorInterface],
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'The number of attributes that a workspace can declare.' }),
  }),
});

builder.objectType(TooManySegmentsError, {
  name: 'TooManySegmentsError',
  description: 'The workspace has reached the maximum number of segments. Nothing was changed. Code: `LIMIT_EXCEEDED`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'The maximum number of segments in a workspace.' }),
  }),
});

builder.objectType(SegmentCycleError, {
  name: 'SegmentCycleError',
  description: `The filter would make the segment depend on itself, directly or through other segments. Nothing was
changed. Code: \`SEGMENT_CYCLE\`.`,
  interfaces: [ErrorInterface],
  fields: (t) => ({
    segments: t.stringList({
      description: 'The names of the segments, each of which refers to the next. The first is also the last.',
      resolve: ({ segments }) => [...segments],
    }),
  }),
});

builder.objectType(SegmentInUseError, {
  name: 'SegmentInUseError',
  description: 'The filters of other segments refer to the segment. Nothing was changed. Code: `SEGMENT_IN_USE`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    segments: t.stringList({
      description: 'The names of the segments that refer to it, oldest first.',
      resolve: ({ segments }) => [...segments],
    }),
  }),
});
