import type { Scope } from './scopes.ts';

/** A fault that a caller can act on. Its code is stable; its message is for people and holds no secret. */
export abstract class DomainError extends Error {
  abstract readonly code: string;
}

/** One fault of an input. */
export interface ValidationIssue {
  /** Where in the input: field names and, within lists, positions. */
  path: string[];
  /** Stable and upper-case, such as `TOO_LONG`. */
  code: string;
  message: string;
}

/** The input breaks rules; `issues` holds every fault at once. */
export class ValidationError extends DomainError {
  readonly code = 'VALIDATION_FAILED';
  readonly issues: ValidationIssue[];

  constructor(issues: ValidationIssue[]) {
    super(issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`).join('; '));
    this.issues = issues;
  }
}

/** Another user of the workspace has the uid. */
export class UidTakenError extends DomainError {
  readonly code = 'UID_TAKEN';
  readonly uid: string;

  constructor(uid: string) {
    super(`Another user has the uid "${uid}".`);
    this.uid = uid;
  }
}

/** A new uid was asked for, but the user was made with one, or has been given one since. */
export class UidNotUpdateableError extends DomainError {
  readonly code = 'UID_NOT_UPDATEABLE';
  readonly uid: string;

  constructor(uid: string) {
    super(`The uid "${uid}" belongs to no user whose uid may still be set.`);
    this.uid = uid;
  }
}

/** The idempotency key stands for another operation of the last 24 hours, or for another input. */
export class IdempotencyConflictError extends DomainError {
  readonly code = 'IDEMPOTENCY_CONFLICT';
  readonly idempotencyKey: string;

  constructor(idempotencyKey: string) {
    super('The idempotency key was used for something else; take another one.');
    this.idempotencyKey = idempotencyKey;
  }
}

/** The write conflicts with writes that are in flight; nothing was changed, and the request can be retried. */
export abstract class ConflictError extends DomainError {
  readonly code = 'CONFLICT';
  /** Seconds after which to retry. */
  readonly retryAfter = 1;
}

/** Another request with the idempotency key is in flight, and has been for as long as a lock may be waited for. */
export class IdempotencyKeyBusyError extends ConflictError {
  constructor() {
    super('Another request with the idempotency key is in flight; retry later.');
  }
}

/** Too many writes wait for the same user. */
export class UserBusyError extends ConflictError {
  constructor() {
    super('Too many writes to this user are in flight; retry later.');
  }
}

/** What can be looked for and not found. */
export type Resource = 'User' | 'Device' | 'List' | 'ListMembership' | 'Workspace' | 'ApiKey';

/** There is no such thing in the caller's workspace. */
export class NotFoundError extends DomainError {
  readonly code = 'NOT_FOUND';
  readonly resource: Resource;

  constructor(resource: Resource) {
    super(`There is no such ${resource}.`);
    this.resource = resource;
  }
}

/** The list is archived, and takes no new members. */
export class ListArchivedError extends DomainError {
  readonly code = 'LIST_ARCHIVED';
  readonly listId: string;

  constructor(listId: string) {
    super('The list is archived and takes no new members.');
    this.listId = listId;
  }
}

/** The caller lacks a scope that this input needs. */
export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
  readonly requiredScope: Scope;

  constructor(what: string, requiredScope: Scope) {
    super(`${what} requires the scope ${requiredScope}.`);
    this.requiredScope = requiredScope;
  }
}
