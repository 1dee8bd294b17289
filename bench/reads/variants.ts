import { PrismaPg } from '@prisma/adapter-pg';
import { type DatabaseClient, openDatabase, type WriteDb } from '../../src/db/client.ts';
import { PrismaClient } from '../../src/db/generated/client.ts';
import { domainOperations } from './domain-operations.ts';
import { modelOperations } from './model-operations.ts';
import type { Operations } from './operations.ts';

/** A way to access the database that is compared with others. */
export interface Variant {
  name: string;
  operations: Operations;
}

/** The variant that the product uses; the base of the ratios. */
export const PRODUCT = 'Db.query, prepared';

/**
 * Opens all variants. By default Prisma does not prepare statements. So that the comparison does not attribute the cost of
 * unprepared statements to Prisma, both Prisma and the driver are timed with and without prepared statements.
 * @param stack closes the connections.
 */
export function openVariants(databaseUrl: string, workspaceId: string, stack: AsyncDisposableStack): Variant[] {
  const adopt = <Client extends { $disconnect(): Promise<void> }>(client: Client) =>
    stack.adopt(client, () => client.$disconnect());
  const open = (prepared: boolean) => adopt(openDatabase({ connectionString: databaseUrl }, { prepared }));
  const prisma = open(true);
  const preparedPrisma = adopt(openPreparedPrisma(databaseUrl));
  const db = prisma.forWorkspace(workspaceId);
  return [
    { name: 'Prisma models', operations: modelOperations(prisma, workspaceId) },
    { name: 'Prisma models, prepared', operations: modelOperations(preparedPrisma, workspaceId) },
    { name: '$queryRaw', operations: domainOperations(withRawQueries(db, prisma), workspaceId) },
    { name: '$queryRaw, prepared', operations: domainOperations(withRawQueries(db, preparedPrisma), workspaceId) },
    { name: 'Db.query, unprepared', operations: domainOperations(open(false), workspaceId) },
    { name: PRODUCT, operations: domainOperations(open(true), workspaceId) },
  ];
}

/** A database handle whose statements are sent by Prisma's raw queries. */
function withRawQueries(db: WriteDb, prisma: Pick<DatabaseClient, '$queryRaw' | '$executeRaw'>): WriteDb {
  return {
    ...db,
    query: (query, ...values) => prisma.$queryRaw(query, ...values),
    execute: (query, ...values) => prisma.$executeRaw(query, ...values),
  };
}

/** Opens Prisma as the product does, but with prepared statements. */
function openPreparedPrisma(connectionString: string): PrismaClient {
  const names = new Map<string, string>();
  const statementName = (sql: string) => {
    const name = names.get(sql) ?? `s${names.size}`;
    names.set(sql, name);
    return name;
  };
  const adapter = new PrismaPg(
    { connectionString, options: '-c TimeZone=UTC' },
    { statementNameGenerator: ({ sql }) => statementName(sql) },
  );
  return new PrismaClient({ adapter });
}
