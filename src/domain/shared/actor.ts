import type { Scope } from './scopes.ts';

declare const isActorName: unique symbol;

/**
 * The name of an actor in the audit trail. Only `nameOfKey`, `nameOfToken`, `COMMAND_LINE`, `SEGMENTS` and `ERASED` create one,
 * so that no token can have the name of a key, regardless of its subject.
 */
export type ActorName = string & { readonly [isActorName]: true };

/** Names whoever runs the command line. */
export const COMMAND_LINE = 'cli' as ActorName;

/** Names the segment consumer, which writes entries and exits. */
export const SEGMENTS = 'segments' as ActorName;

/** Replaces the name of a token whose subject was erased together with a user. */
export const ERASED = 'erased' as ActorName;

/** The beginning of the names of tokens. */
export const TOKEN_PREFIX = 'token:';

/** Names an API key by its id, a UUID. */
export function nameOfKey(keyId: string): ActorName {
  return keyId as ActorName;
}

/** Names the bearer of a token by the token's subject: `token:ada`. */
export function nameOfToken(subject: string): ActorName {
  return `${TOKEN_PREFIX}${subject}` as ActorName;
}

/** Performs a write, in one workspace. The viewer of both APIs is an actor. */
export interface Actor {
  readonly workspaceId: string;
  readonly actorName: ActorName;
  readonly scopes: ReadonlySet<Scope>;
}

/**
 * Whether an actor may read users. Responses to an actor who may not, such as a caller with a public key alone, must
 * not depend on data that others have stored (docs/production.md, "What a public key can learn").
 */
export function canReadUsers({ scopes }: Pick<Actor, 'scopes'>): boolean {
  return scopes.has('users:read');
}

/** An input with the name of the actor who sent it: one statement may write the inputs of several actors. */
export interface Attributed<Input> {
  actorName: ActorName;
  input: Input;
}
