import type { ActorName } from '../domain/shared/actor.ts';
import type { Scope } from '../domain/shared/scopes.ts';

/** The authenticated caller and its permissions, the same for every type of credential. */
export interface Viewer {
  workspaceId: string;
  /** The workspace's name. */
  workspace: string;
  /** Id of the API key, or the subject of the token. */
  keyId: string;
  /** The caller's name in the audit trail. */
  actorName: ActorName;
  /** The type of credential: a key with its secret, a public key alone, or a token. */
  credential: 'secret' | 'publicKey' | 'token';
  /** Points per minute; 0: no limit; null: the default of the credential type. */
  rateLimit: number | null;
  scopes: ReadonlySet<Scope>;
}

/** The credentials are missing, malformed, unknown, wrong, expired or revoked. The message does not say which. */
export class UnauthenticatedError extends Error {
  readonly code = 'UNAUTHENTICATED';
  /** Whether the gateway accepts `Bearer` tokens. */
  readonly acceptsTokens: boolean;

  constructor(acceptsTokens = false) {
    const basic = '"Authorization: Basic base64(key:secret)", or base64("key:") for a public key alone';
    super(
      acceptsTokens
        ? `Invalid or missing credentials. Send ${basic}, or "Authorization: Bearer <token>".`
        : `Invalid or missing credentials. Send ${basic}.`,
    );
    this.acceptsTokens = acceptsTokens;
  }
}
