import type { Db } from '../db/client.ts';
import { nameOfToken } from '../domain/actor.ts';
import { isScope } from '../domain/scopes.ts';
import { workspaceId as workspaceIdSchema } from '../domain/workspaces/workspaces.ts';
import { remember } from './remember.ts';
import type { VerifyToken } from './tokens.ts';
import type { Viewer } from './viewer.ts';

const BEARER = /^Bearer +([\w~+/.-]+=*)$/i;

/** Lets callers in by `Bearer` with a token that is verified, of a workspace that there is; nothing for any other header. */
export function byToken(
  db: Db,
  verify: VerifyToken,
): (authorization: string | undefined) => Promise<Viewer | undefined> {
  const nameOf = remember((id) => readName(db, id));
  return async (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    const claims = token === undefined ? undefined : await verify(token);
    const workspaceId = workspaceIdSchema.safeParse(claims?.workspaceId).data?.toLowerCase();
    const workspace = workspaceId && (await nameOf(workspaceId));
    if (!claims || !workspaceId || workspace === undefined) return undefined;
    const scopes = new Set(claims.scopes.filter(isScope));
    return {
      workspaceId,
      workspace,
      keyId: claims.subject,
      actorName: nameOfToken(claims.subject),
      credential: 'token',
      rateLimit: null,
      scopes,
    };
  };
}

async function readName(db: Db, workspaceId: string): Promise<string | undefined> {
  const [workspace] = await db.query<{ name: string }[]>`
    SELECT name FROM workspaces WHERE workspace_id = ${workspaceId}::uuid`;
  return workspace?.name;
}
