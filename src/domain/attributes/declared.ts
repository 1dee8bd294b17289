import { z } from 'zod';
import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf } from '../../db/reading/columns.ts';
import { attributeKey } from '../shared/attributes.ts';
import type { Instant } from '../shared/instant.ts';

/** The types with which attributes can be declared. */
export const attributeTypes = ['STRING', 'NUMBER', 'DATE_TIME'] as const;
export type AttributeType = (typeof attributeTypes)[number];

export const attributeType = z.enum(attributeTypes);

/** The input of `declareAttribute`. */
export const newDeclaration = z.object({ key: attributeKey, type: attributeType });
export type NewDeclaration = z.output<typeof newDeclaration>;

/** An attribute of users whose values are also stored in `attribute_values`, where indexes serve ranges and orders. */
export interface DeclaredAttribute {
  readonly key: string;
  readonly type: AttributeType;
  readonly declaredAt: Instant;
  /** When the values of all users were stored; null until then. */
  readonly readyAt: Instant | null;
  /** The number of users whose values have been stored so far. */
  readonly usersRead: number;
  /** Identifies the declaration within `attribute_values`. */
  readonly number: number;
}

/** The columns of a `DeclaredAttribute`. */
export const declarationColumns = columnsOf<DeclaredAttribute>({
  key: Prisma.sql`attribute_declarations.key`,
  type: Prisma.sql`attribute_declarations.type`,
  declaredAt: { instant: Prisma.sql`attribute_declarations.declared_at` },
  readyAt: { instant: Prisma.sql`attribute_declarations.ready_at` },
  usersRead: Prisma.sql`attribute_declarations.users_read`,
  number: Prisma.sql`attribute_declarations.number`,
});

/** Reads the declared attributes of a workspace, oldest first. */
export function readDeclarations(db: ReadDb, workspaceId: string): Promise<DeclaredAttribute[]> {
  return db.query<DeclaredAttribute[]>`/* readDeclarations */
    SELECT ${declarationColumns.list} FROM attribute_declarations
    WHERE workspace_id = ${workspaceId}::uuid AND undeclared_at IS NULL ORDER BY declared_at, number`;
}
