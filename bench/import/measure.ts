import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBenchPostgres } from '../database/open.ts';
import type { ShowProgress } from '../report/progress.ts';
import { withCleanup } from '../with-cleanup.ts';
import { createImportDatabase } from './database.ts';
import { generateFiles } from './files.ts';
import type { ImportSizes } from './options.ts';
import { measureTransfers, type TransferRound } from './transfers.ts';

/** What a run has measured. */
export interface ImportResults {
  transfers: TransferRound[];
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
    const transfers = await measureTransfers({ database, files, sizes, directory: temporary, showProgress });
    return { transfers };
  });
}
