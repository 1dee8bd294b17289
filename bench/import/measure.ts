import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBenchPostgres } from '../database/open.ts';
import type { ShowProgress } from '../report/progress.ts';
import { withCleanup } from '../with-cleanup.ts';
import { runCommand } from './command.ts';
import { createImportDatabase, createRoundWorkspace, type ImportDatabase } from './database.ts';
import { type GeneratedFiles, generateFiles } from './files.ts';
import { type LatencyRound, measureLatency } from './latency.ts';
import type { ImportPart, ImportSizes } from './options.ts';
import { measureRequests, type RequestRound } from './requests.ts';
import { measureTransfers, type TransferRound } from './transfers.ts';

/** What a run has measured: the rounds of each part. */
export interface ImportResults {
  transfers: TransferRound[];
  requests: RequestRound[];
  latency: LatencyRound[];
}

/** Measures imports and exports. @param directory of the database's server. */
export function measureImport(
  sizes: ImportSizes,
  directory: string | undefined,
  showProgress: ShowProgress,
): Promise<ImportResults> {
  return withCleanup(async (stack) => {
    showProgress('Starting PostgreSQL');
    const postgres = stack.use(await openBenchPostgres('import', directory));
    const database = await createImportDatabase(await postgres.databaseUrl(sizes.users), stack);
    const temporary = await mkdtemp(join(tmpdir(), 'usergraph-bench-'));
    stack.defer(() => rm(temporary, { recursive: true }));
    // PostgreSQL can run as another user of the system.
    await chmod(temporary, 0o777);
    showProgress('Writing files');
    const files = await generateFiles(temporary, sizes);
    const measures = (part: ImportPart) => sizes.parts.includes(part);
    const transfers = measures('files')
      ? await measureTransfers({ database, files, sizes, directory: temporary, showProgress })
      : [];
    // The workspace of the first round, with its users.
    const workspaceId = await createRoundWorkspace(database.url, 1);
    if (transfers.length === 0) await importUsers(database, workspaceId, files);
    const requests = measures('requests') ? await measureRequests(database, workspaceId, sizes, showProgress) : [];
    const latency = measures('latency')
      ? await measureLatency(database, workspaceId, { files, sizes, showProgress })
      : [];
    return { transfers, requests, latency };
  });
}

async function importUsers({ url, client }: ImportDatabase, workspaceId: string, files: GeneratedFiles): Promise<void> {
  await runCommand(url, ['import', 'users', files.users, '--workspace', workspaceId, '--json']);
  await client.query('VACUUM ANALYZE');
}
