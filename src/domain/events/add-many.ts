import type { Database } from '../../db/client.ts';
import type { WriteDb } from '../../db/statements.ts';
import {
  claimKeys,
  derivedKey,
  type IdempotentRequest,
  idempotentRequest,
  type KeyClaim,
  releaseKeys,
} from '../idempotency/keys.ts';
import type { Actor } from '../shared/actor.ts';
import { type ErrorPolicy, type Failure, isFailure, type Outcome, writeBulk } from '../shared/bulk.ts';
import { IdempotencyConflictError, NotFoundError } from '../shared/errors.ts';
import { canonicalNewEvent, insertEvents } from './add.ts';
import { type Event, readEvents } from './event.ts';
import type { NewEvent } from './inputs.ts';

/** How several events are added. */
interface AddEventsOptions {
  errorPolicy: ErrorPolicy;
  /**
   * Makes the whole request safe to retry: events without a key of their own get one that is derived from it and their
   * position. A retry returns the events that were added and tries to add those that failed.
   */
  idempotencyKey?: string | null | undefined;
}

/**
 * Adds several events in one transaction, with one statement for all of them, and up to four more if there are
 * idempotency keys.
 * @param events validated inputs, or why they are invalid (`parseEach`).
 * @returns the event of each input or its error, in order: `ValidationError`, `NotFoundError` if the workspace has no
 * such user, `IdempotencyConflictError` (also for an event with the key of the request), or `BatchRejectedError`.
 * @throws {IdempotencyConflictError} if the request's key was used with another operation or other inputs.
 * @throws {IdempotencyKeyBusyError} if a request with one of the keys is in flight for too long.
 */
export function addEvents(
  db: Database,
  actor: Actor,
  events: readonly Outcome<NewEvent>[],
  { errorPolicy, idempotencyKey }: AddEventsOptions,
): Promise<Outcome<Event>[]> {
  const keyed = idempotencyKey == null ? events : withDerivedKeys(events, idempotencyKey);
  const whole = idempotencyKey == null ? undefined : wholeRequest(events, idempotencyKey);
  return writeBulk(db, errorPolicy, keyed, (tx, inputs) => writeEvents(tx, actor, inputs, whole));
}

const withDerivedKeys = (events: readonly Outcome<NewEvent>[], key: string): Outcome<NewEvent>[] =>
  events.map((event, place) =>
    isFailure(event) ? event : { ...event, idempotencyKey: event.idempotencyKey ?? derivedKey(key, place) },
  );

/** The claim of a request's own key, whose digest covers all inputs. Invalid ones are covered by their position. */
const wholeRequest = (events: readonly Outcome<NewEvent>[], key: string): IdempotentRequest =>
  idempotentRequest(key, 'addEvents', {
    events: events.map((event) => (isFailure(event) ? null : canonicalNewEvent(event))),
  });

/**
 * Adds several valid events in a transaction that the caller has begun.
 * @param whole the claim of the key of the whole request, if it has one.
 * @returns the event of each input or its error, in order.
 * @throws as `addEvents`.
 */
export async function writeEvents(
  tx: WriteDb,
  { workspaceId, actorName }: Actor,
  inputs: readonly NewEvent[],
  whole?: IdempotentRequest,
): Promise<Outcome<Event>[]> {
  const { claims, repeats } = await claimEach(tx, workspaceId, inputs, whole);
  const existing = await readEvents(
    tx,
    workspaceId,
    [...claims.values()].flatMap((claim) => ('existingId' in claim ? [claim.existingId] : [])),
  );
  const outcomes = new Map<number, Outcome<Event>>();
  const toInsert: { place: number; input: NewEvent; id: string | undefined }[] = [];
  for (const [place, input] of inputs.entries()) {
    const claim = claims.get(place);
    if (claim && 'error' in claim) outcomes.set(place, claim);
    else if (claim && 'existingId' in claim) {
      outcomes.set(place, existing.get(claim.existingId) ?? { ...notFound(), isReplayed: true });
    } else if (!repeats.has(place)) toInsert.push({ place, input, id: claim?.claimedId });
  }
  const inserted = await insertEvents(
    tx,
    workspaceId,
    toInsert.map(({ input: { idempotencyKey: _, ...input }, id }) => ({ actorName, input, id })),
    { lock: 'wait' },
  );
  for (const [index, { place }] of toInsert.entries()) outcomes.set(place, orNotFound(inserted[index]));
  const unusedKeys = toInsert.flatMap(({ input }, index) => (inserted[index] ? [] : (input.idempotencyKey ?? [])));
  await releaseKeys(tx, workspaceId, unusedKeys);
  return inputs.map((_, place) => outcomes.get(repeats.get(place) ?? place) ?? orNotFound(undefined));
}

const notFound = (): Failure => ({ error: new NotFoundError('User') });

const orNotFound = (event: Event | undefined): Outcome<Event> => event ?? notFound();

/** The claims of a request's idempotency keys. */
interface Claims {
  /** By the position of the input. */
  claims: ReadonlyMap<number, KeyClaim>;
  /** The positions of inputs that repeat an earlier one with the same key, with the position of that. */
  repeats: ReadonlyMap<number, number>;
}

/** @throws {IdempotencyConflictError} if the key of the whole request was used otherwise. */
async function claimEach(
  tx: WriteDb,
  workspaceId: string,
  inputs: readonly NewEvent[],
  whole: IdempotentRequest | undefined,
): Promise<Claims> {
  const firsts = new Map<string, { place: number; request: IdempotentRequest }>();
  const claims = new Map<number, KeyClaim>();
  const repeats = new Map<number, number>();
  for (const [place, { idempotencyKey, ...input }] of inputs.entries()) {
    if (idempotencyKey == null) continue;
    if (idempotencyKey === whole?.key) {
      claims.set(place, { error: new IdempotencyConflictError(idempotencyKey) });
      continue;
    }
    const request = idempotentRequest(idempotencyKey, 'addEvent', canonicalNewEvent(input));
    const first = firsts.get(idempotencyKey);
    if (!first) firsts.set(idempotencyKey, { place, request });
    else if (first.request.digests[0].equals(request.digests[0])) repeats.set(place, first.place);
    else claims.set(place, { error: new IdempotencyConflictError(idempotencyKey) });
  }
  const places = [...firsts.values()];
  const requests = [...(whole ? [whole] : []), ...places.map(({ request }) => request)];
  const claimed = await claimKeys(tx, workspaceId, requests);
  const ofWhole = whole ? claimed.shift() : undefined;
  if (ofWhole && 'error' in ofWhole) throw ofWhole.error;
  for (const [index, { place }] of places.entries()) {
    const claim = claimed[index];
    if (claim) claims.set(place, claim);
  }
  return { claims, repeats };
}
