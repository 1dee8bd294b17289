import type { Scope } from '../domain/scopes.ts';

/** Who calls, and what they may do; whatever the way in. */
export interface Viewer {
  workspaceId: string;
  /** The workspace's name. */
  workspace: string;
  /** Id of the key by which they were let in. */
  keyId: string;
  /** What they showed: the key with its secret, or the public key alone. */
  credential: 'secret' | 'publicKey';
  scopes: ReadonlySet<Scope>;
}

/** The credentials are missing, malformed, unknown, wrong or revoked; which of these is not said. */
export class UnauthenticatedError extends Error {
  readonly code = 'UNAUTHENTICATED';

  constructor() {
    super(
      'Send "Authorization: Basic base64(key:secret)" with a key and a secret in force, or "key:" for a public key.',
    );
  }
}
