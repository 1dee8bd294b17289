import type { Database } from '../../db/client.ts';
import { listWorkspaceIds } from '../changes/retention.ts';
import { computeAllAgain } from './complete.ts';
import { WorkspaceSegments } from './workspace-segments.ts';

/** Recomputes the segments of all workspaces in the background. Called when events are gone without changes that say so. */
export async function computeAllWorkspacesAgain(db: Database): Promise<void> {
  for (const id of await listWorkspaceIds(db)) await computeAllAgain(db, new WorkspaceSegments(id));
}
