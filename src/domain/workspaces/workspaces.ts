import { z } from 'zod';
import type { Models } from '../../db/client.ts';
import { NotFoundError } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';
import { printable } from '../shared/text.ts';

/** What a workspace may be called; spaces around the name are dropped. */
export const workspaceName = z.string().trim().pipe(printable(1, 100));

/** A tenant. */
export interface Workspace {
  id: string;
  name: string;
  createdAt: Date;
}

/** Whether a text can be a workspace's id. */
export const workspaceId = z.uuid({ error: 'must be a UUID' });

/** Creates a workspace. */
export function createWorkspace(db: Models, name: string): Promise<Workspace> {
  return db.workspace.create({ data: { id: newId(), name } });
}

/** All workspaces, oldest first. */
export function listWorkspaces(db: Models): Promise<Workspace[]> {
  return db.workspace.findMany({ orderBy: { id: 'asc' } });
}

/**
 * Reads a workspace.
 * @throws {NotFoundError} when there is no such workspace.
 */
export async function readWorkspace(db: Models, id: string): Promise<Workspace> {
  const workspace = await db.workspace.findUnique({ where: { id } });
  if (!workspace) throw new NotFoundError('Workspace');
  return workspace;
}
