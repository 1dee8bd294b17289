import { z } from 'zod';
import type { Models } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { record } from '../changes/record.ts';
import { COMMAND_LINE } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';
import { MAX_WORKSPACE_NAME_LENGTH } from '../shared/limits.ts';
import { printable } from '../shared/text.ts';

/** The name of a workspace; surrounding white space is removed. */
export const workspaceName = z.string().trim().pipe(printable(1, MAX_WORKSPACE_NAME_LENGTH));

/** A tenant. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** When its deletion began; null unless it is being deleted. */
  readonly deletionRequestedAt: Date | null;
}

/** The id of a workspace. */
export const workspaceId = z.uuid({ error: 'must be a UUID' });

/** Creates a workspace. */
export function createWorkspace(db: Models, name: string): Promise<Workspace> {
  return db.workspace.create({ data: { id: newId(), name } });
}

/** Reads all workspaces, oldest first. */
export function listWorkspaces(db: Models): Promise<Workspace[]> {
  return db.workspace.findMany({ orderBy: { id: 'asc' } });
}

/**
 * Renames a workspace. A running gateway reports the new name as soon as it reads the workspace again.
 * @throws {NotFoundError} if there is no such workspace.
 */
export async function renameWorkspace(db: Models, id: string, name: string): Promise<Workspace> {
  const actor = { workspaceId: id, actorName: COMMAND_LINE };
  await db.$executeRaw`/* renameWorkspace */
    WITH renamed AS (UPDATE workspaces SET name = ${name} WHERE workspace_id = ${id}::uuid RETURNING workspace_id)
    ${record(actor, 'renameWorkspace', { from: Prisma.sql`renamed` })}`;
  return readWorkspace(db, id);
}

/**
 * Reads a workspace.
 * @throws {NotFoundError} if there is no such workspace.
 */
export async function readWorkspace(db: Models, id: string): Promise<Workspace> {
  const workspace = await db.workspace.findUnique({ where: { id } });
  if (!workspace) throw new NotFoundError('Workspace');
  return workspace;
}
