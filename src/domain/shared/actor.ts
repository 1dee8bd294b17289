import type { Scope } from './scopes.ts';

declare const isActorName: unique symbol;

/**
 * Who did something, as the audit trail names them. Only `nameOfKey` and `nameOfToken` make one, so that no token can have
 * the name of a key, whatever its subject.
 */
export type ActorName = string & { readonly [isActorName]: true };

/** Names a key by its id, a UUID. */
export function nameOfKey(keyId: string): ActorName {
  return keyId as ActorName;
}

/** Names whoever showed a token by its subject: `token:ada`. */
export function nameOfToken(subject: string): ActorName {
  return `token:${subject}` as ActorName;
}

/** Who writes, and in which workspace; an API's viewer is one. */
export interface Actor {
  workspaceId: string;
  actorName: ActorName;
  /** What they may do. */
  scopes: ReadonlySet<Scope>;
}

/**
 * Whether an actor may read users. The answers to one who may not, such as a public key alone, must not depend on what others have
 * stored (docs/production.md, "What a public key can learn").
 */
export function canReadUsers({ scopes }: Pick<Actor, 'scopes'>): boolean {
  return scopes.has('users:read');
}

/** An input and who gave it: those that are written together may come from several actors. */
export interface Attributed<Input> {
  actorName: ActorName;
  input: Input;
}
