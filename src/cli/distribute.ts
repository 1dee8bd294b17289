import type { Command } from 'commander';
import { wholeNumber } from '../config/values.ts';
import type { DatabaseClient } from '../db/client.ts';
import { DistributionError, distribute, removeLocalRows } from '../db/distribution/distribute.ts';
import { schemaParser } from './arguments.ts';
import { MAINTENANCE_TIMEOUTS, type WithDatabase } from './database.ts';
import { CliError, examples, jsonOption, type OutputOptions, print } from './output.ts';

interface DistributeOptions extends OutputOptions {
  shards: number;
}

/** More than the nodes that a cluster will ever have; each node plans the statements of each of its shards. */
const DEFAULT_SHARDS = 16;
const MAX_SHARDS = 64;

/** `distribute`. */
export function addDistribute(program: Command, withDatabase: WithDatabase): void {
  program
    .command('distribute')
    .description('distributes the tables by workspace over the nodes of a Citus cluster; writes wait until it ends')
    .option(
      '--shards <NUMBER>',
      `the number of shards, which is the maximum number of nodes: 1 to ${MAX_SHARDS}`,
      schemaParser(wholeNumber(1, MAX_SHARDS)),
      DEFAULT_SHARDS,
    )
    .option(...jsonOption)
    .addHelpText('after', examples('distribute', '', '--shards 32'))
    .action((options: DistributeOptions) => withDatabase((db) => run(db, options), MAINTENANCE_TIMEOUTS));
}

async function run(db: DatabaseClient, options: DistributeOptions): Promise<void> {
  const client = await db.pool.connect();
  let isNew = false;
  try {
    const onProgress = (line: string) => process.stderr.write(`${line}\n`);
    isNew = await distribute(client, { shardCount: options.shards, onProgress });
    await removeLocalRows(client);
  } catch (error) {
    throw error instanceof DistributionError ? new CliError(error.message) : error;
  } finally {
    client.release(true);
  }
  const text = isNew
    ? `Distributed all tables in ${options.shards} shards. Start the gateways.`
    : 'The tables are already distributed.';
  await print(options, { isNew }, text);
}
