import type { Scope } from './scopes.ts';

/** An error that a client can handle. The code is stable; the message is for humans and contains no secret. */
export abstract class DomainError extends Error {
  abstract readonly code: string;
}

/** One problem with an input. */
export interface ValidationIssue {
  /** Location in the input: field names, and positions within lists. */
  path: string[];
  /** Stable, in upper case, such as `TOO_LONG`. */
  code: string;
  message: string;
}

/** The input is invalid; `issues` lists every problem at once. */
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

/** A `newUid` was sent for a user who was created with a uid, or whose uid has been set since. */
export class UidNotUpdateableError extends DomainError {
  readonly code = 'UID_NOT_UPDATEABLE';
  readonly uid: string;

  constructor(uid: string) {
    super(`The uid "${uid}" does not belong to a user with an updateable uid.`);
    this.uid = uid;
  }
}

/** The idempotency key was used in the last 24 hours with another operation or another input. */
export class IdempotencyConflictError extends DomainError {
  readonly code = 'IDEMPOTENCY_CONFLICT';
  readonly idempotencyKey: string;

  constructor(idempotencyKey: string) {
    super('The idempotency key was already used with a different operation or input; use a new key.');
    this.idempotencyKey = idempotencyKey;
  }
}

/** The write conflicts with writes that are in flight. Nothing was changed, and the request can be retried. */
export abstract class ConflictError extends DomainError {
  readonly code = 'CONFLICT';
  /** Seconds after which to retry. */
  readonly retryAfter = 1;
}

/** Timed out waiting for an in-flight request with the same idempotency key. */
export class IdempotencyKeyBusyError extends ConflictError {
  constructor() {
    super('Another request with the idempotency key is in flight; retry later.');
  }
}

/** Too many writes to the same user are queued. */
export class UserBusyError extends ConflictError {
  constructor() {
    super('Too many writes to this user are in flight; retry later.');
  }
}

/** Types of which an instance may not be found. */
export type Resource =
  | 'User'
  | 'Device'
  | 'List'
  | 'ListMembership'
  | 'Segment'
  | 'Workspace'
  | 'Import'
  | 'Export'
  | 'ApiKey'
  | 'DeclaredAttribute';

/** The caller's workspace has no such resource. */
export class NotFoundError extends DomainError {
  readonly code = 'NOT_FOUND';
  readonly resource: Resource;

  constructor(resource: Resource) {
    super(resource === 'DeclaredAttribute' ? 'The attribute is not declared.' : `${resource} not found.`);
    this.resource = resource;
  }
}

/** The list is archived and accepts no new members. */
export class ListArchivedError extends DomainError {
  readonly code = 'LIST_ARCHIVED';
  readonly listId: string;

  constructor(listId: string) {
    super('The list is archived and accepts no new members.');
    this.listId = listId;
  }
}

/** The attribute is declared with another type. */
export class AttributeDeclaredError extends DomainError {
  readonly code = 'ATTRIBUTE_DECLARED';
  readonly key: string;
  readonly declaredType: 'STRING' | 'NUMBER' | 'DATE_TIME';

  constructor(key: string, declaredType: AttributeDeclaredError['declaredType']) {
    super(`The attribute "${key}" is declared as ${declaredType}. To change its type, undeclare it first.`);
    this.key = key;
    this.declaredType = declaredType;
  }
}

/** The request exceeds a limit, which the message names. Nothing was changed. */
export class LimitExceededError extends DomainError {
  readonly code = 'LIMIT_EXCEEDED';
}

/** The workspace has declared as many attributes as it can, or too many undeclared ones still have values. */
export class TooManyAttributesError extends LimitExceededError {
  readonly limit: number;

  /**
   * @param declared the number of declared attributes.
   * @param deleting that of undeclared ones whose values are being deleted.
   */
  constructor(limit: number, declared: number, deleting: number) {
    const advice = declared < limit ? 'Retry later.' : 'Undeclare one first.';
    super(
      `A workspace can declare ${limit} attributes: ${declared} are declared, and the values of ${deleting} undeclared ones are still being deleted. ${advice}`,
    );
    this.limit = limit;
  }
}

/** The changes after a cursor can no longer be returned completely. The client must start again without a cursor. */
export class CursorExpiredError extends DomainError {
  readonly code = 'CURSOR_EXPIRED';

  constructor(reason: string) {
    super(`The cursor has expired: ${reason}. Start again without it, and read all objects that you follow.`);
  }
}

/** The workspace has reached the maximum number of segments. */
export class TooManySegmentsError extends LimitExceededError {
  readonly limit: number;

  constructor(limit: number) {
    super(`A workspace can have ${limit} segments. Delete one first.`);
    this.limit = limit;
  }
}

/** The filter would make the segment depend on itself, directly or through other segments. */
export class SegmentCycleError extends DomainError {
  readonly code = 'SEGMENT_CYCLE';
  /** The names of the segments, each of which refers to the next; the first is also the last. */
  readonly segments: readonly string[];

  constructor(segments: readonly string[]) {
    const names = segments.map((name) => JSON.stringify(name)).join(' refers to ');
    super(`The segment would depend on itself: ${names}.`);
    this.segments = segments;
  }
}

/** The filters of other segments refer to the segment. */
export class SegmentInUseError extends DomainError {
  readonly code = 'SEGMENT_IN_USE';
  /** The names of the segments that refer to it. */
  readonly segments: readonly string[];

  constructor(segments: readonly string[]) {
    const shown = segments.slice(0, MAX_NAMES_SHOWN).map((name) => JSON.stringify(name));
    const others = segments.length - shown.length;
    const names = [...shown, ...(others > 0 ? [`${others} more`] : [])].join(', ');
    super(`Filters of other segments refer to the segment: ${names}. Change or delete them first.`);
    this.segments = segments;
  }
}

/** Maximum number of names in a message. */
const MAX_NAMES_SHOWN = 10;

/** The input was valid, but another input of the same bulk write was not, and its error policy is `REJECT_ALL`. */
export class BatchRejectedError extends DomainError {
  readonly code = 'BATCH_REJECTED';

  constructor() {
    super('Not written, because other inputs of the request failed. Correct them, or skip them by the error policy.');
  }
}

/** The caller lacks a scope that this input requires. */
export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
  readonly requiredScope: Scope;

  constructor(action: string, requiredScope: Scope) {
    super(`${action} requires the scope ${requiredScope}.`);
    this.requiredScope = requiredScope;
  }
}
