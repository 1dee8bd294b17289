import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { ReadDb } from '../../db/client.ts';
import { readJob, type TransferJob } from './jobs.ts';

/** Bytes of the parts of a download token: the id of the workspace, and a random secret. */
const WORKSPACE_BYTES = 16;
const SECRET_BYTES = 24;

/** Creates a secret that lets its bearer download the file of a job. It contains the workspace, whose job it is. */
export function newDownloadToken(workspaceId: string): string {
  const workspace = Buffer.from(workspaceId.replaceAll('-', ''), 'hex');
  return Buffer.concat([workspace, randomBytes(SECRET_BYTES)]).toString('base64url');
}

/** Finds the completed job whose file a token gives access to; undefined if there is none, or it has expired. */
export async function findDownload(
  dbOf: (workspaceId: string) => ReadDb,
  id: string,
  token: string,
): Promise<TransferJob | undefined> {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== WORKSPACE_BYTES + SECRET_BYTES) return undefined;
  const workspaceId = bytes.toString('hex', 0, WORKSPACE_BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const job = await readJob(dbOf(workspaceId), workspaceId, id);
  if (job?.state !== 'completed' || job.downloadToken === null) return undefined;
  const isExpired = job.expiresAt !== null && new Date(job.expiresAt) <= new Date();
  return !isExpired && timingSafeEqual(Buffer.from(job.downloadToken, 'base64url'), bytes) ? job : undefined;
}

/** The path of the rejected records of an import in the REST API; null if there are none. */
export const rejectedRecordsPath = ({ id, rejected, state }: TransferJob): string | null =>
  rejected > 0 && state !== 'canceled' ? `/v1/imports/${id}/rejected` : null;

/** The path of the file of an export in the REST API, with its token; null until the export is complete. */
export const downloadPath = ({ id, state, downloadToken }: TransferJob): string | null =>
  state === 'completed' && downloadToken !== null ? `/v1/exports/${id}/file?token=${downloadToken}` : null;
