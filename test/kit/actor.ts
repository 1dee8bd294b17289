import { type Actor, nameOfKey } from '../../src/domain/shared/actor.ts';
import type { Scope } from '../../src/domain/shared/scopes.ts';

/** An actor that writes in a workspace with a key, for tests that call the domain directly. */
export const actorOf = ({ workspaceId }: { workspaceId: string }, keyId = 'test', ...scopes: Scope[]): Actor => ({
  workspaceId,
  actorName: nameOfKey(keyId),
  scopes: new Set(scopes),
});
