import type { Scope } from './scopes.ts';

/** Who writes, and in which workspace; a door's viewer is one. */
export interface Actor {
  workspaceId: string;
  /** Id of the key by which they were let in, or a token's subject: their name in the audit trail. */
  keyId: string;
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

/** An input and who gave it: those that are written together may come by several keys. */
export interface Attributed<Input> {
  keyId: string;
  input: Input;
}
