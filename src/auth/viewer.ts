import type { ActorName } from '../domain/shared/actor.ts';
import type { Scope } from '../domain/shared/scopes.ts';

/** Who calls, and what they may do; whatever the way in. */
export interface Viewer {
  workspaceId: string;
  /** The workspace's name. */
  workspace: string;
  /** Id of the key by which they were let in, or a token's subject. */
  keyId: string;
  /** Who they are in the audit trail. */
  actorName: ActorName;
  /** What they showed: a key with its secret, the public key alone, or a token. */
  credential: 'secret' | 'publicKey' | 'token';
  /** Points a minute that they may spend; 0: no limit. Null: what is usual for the credential. */
  rateLimit: number | null;
  scopes: ReadonlySet<Scope>;
}

/** The credentials are missing, malformed, unknown, wrong, expired or revoked; which of these is not said. */
export class UnauthenticatedError extends Error {
  readonly code = 'UNAUTHENTICATED';
  /** Whether `Bearer` tokens are let in, too. */
  readonly takesTokens: boolean;

  constructor(takesTokens = false) {
    const basic =
      '"Authorization: Basic base64(key:secret)" with a key and a secret in force, or "key:" for a public key';
    super(takesTokens ? `Send ${basic}; or "Bearer" and a token in force.` : `Send ${basic}.`);
    this.takesTokens = takesTokens;
  }
}
