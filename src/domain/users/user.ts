import { columnsOf } from '../../db/reading/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Attributes } from '../shared/attributes.ts';
import type { Instant } from '../shared/instant.ts';

/** A person (or an account) of the workspace's application. */
export interface User {
  /** UUIDv7 of the instant at which the row was inserted; rows become visible in about that order (docs/following.md). */
  id: string;
  /** The application's own identifier. */
  uid: string;
  /** Whether the uid may still be set, once. */
  uidUpdateable: boolean;
  firstName: string | null;
  lastName: string | null;
  /** E.164, with the `+`. */
  number: string | null;
  email: string | null;
  meta: Attributes;
  /** When they signed up in the application. */
  createdAt: Instant;
  updatedAt: Instant;
}

/** The columns of a `User`, out of the table under the name `users`. */
export const userColumns = columnsOf<User>(
  {
    id: Prisma.sql`users.id`,
    uid: Prisma.sql`users.uid`,
    uidUpdateable: Prisma.sql`users.uid_updateable`,
    firstName: Prisma.sql`users.first_name`,
    lastName: Prisma.sql`users.last_name`,
    number: Prisma.sql`users.number`,
    email: Prisma.sql`users.email`,
    meta: Prisma.sql`users.meta`,
    createdAt: { instant: Prisma.sql`users.created_at` },
    updatedAt: { instant: Prisma.sql`users.updated_at` },
  },
  ['id', 'uid'],
);
