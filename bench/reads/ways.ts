import { PrismaPg } from '@prisma/adapter-pg';
import { type DatabaseClient, openDatabase, type WriteDb } from '../../src/db/client.ts';
import { PrismaClient } from '../../src/db/generated/client.ts';
import { byDomain } from './domain.ts';
import { byModels } from './models.ts';
import type { Operations } from './operations.ts';

/** A way to do all operations. */
export interface Way {
  name: string;
  operations: Operations;
}

/** The way that the others are compared with: the product's. */
export const PRODUCT = 'Db.query, prepared';

/**
 * All ways, each on connections of its own. Prisma prepares no statements unless it is told to, and the product's client
 * does not tell it; so that preparing is not taken for Prisma's cost, it is timed both ways, as the driver is.
 * @param stack takes what has to be closed.
 */
export function openWays(url: string, workspaceId: string, stack: AsyncDisposableStack): Way[] {
  const closing = <Client extends { $disconnect(): Promise<void> }>(client: Client) =>
    stack.adopt(client, () => client.$disconnect());
  const open = (prepared: boolean) => closing(openDatabase({ connectionString: url }, { prepared }));
  const prisma = open(true);
  const product = prisma.forWorkspace(workspaceId);
  const preparing = closing(preparingPrisma(url));
  return [
    { name: 'Prisma models', operations: byModels(prisma, workspaceId) },
    { name: 'Prisma models, prepared', operations: byModels(preparing, workspaceId) },
    { name: '$queryRaw', operations: byDomain(rawQueriesOf(prisma, product), workspaceId) },
    { name: '$queryRaw, prepared', operations: byDomain(rawQueriesOf(preparing, product), workspaceId) },
    { name: 'Db.query, unprepared', operations: byDomain(open(false), workspaceId) },
    { name: PRODUCT, operations: byDomain(open(true), workspaceId) },
  ];
}

/** The statements of the domain, carried by Prisma's raw queries. */
function rawQueriesOf(prisma: Pick<DatabaseClient, '$queryRaw' | '$executeRaw'>, db: WriteDb): WriteDb {
  return {
    ...db,
    query: (query, ...values) => prisma.$queryRaw(query, ...values),
    execute: (query, ...values) => prisma.$executeRaw(query, ...values),
  };
}

/** Prisma with prepared statements; for the rest, as the product opens it. */
function preparingPrisma(connectionString: string): PrismaClient {
  const names = new Map<string, string>();
  const nameOf = (text: string) => {
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return name;
  };
  const adapter = new PrismaPg(
    { connectionString, options: '-c TimeZone=UTC' },
    { statementNameGenerator: ({ sql }) => nameOf(sql) },
  );
  return new PrismaClient({ adapter });
}
