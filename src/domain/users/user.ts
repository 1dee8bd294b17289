import { Prisma } from '../../db/generated/client.ts';
import { columnsOf } from '../../db/reading/columns.ts';
import type { Attributes } from '../shared/attributes.ts';
import type { Instant } from '../shared/instant.ts';

/** A person (or an account) of the workspace's application. Rows are read-only, since concurrent requests share them. */
export interface User {
  /** UUIDv7 of the time at which the row was inserted. Rows become visible in approximately this order (docs/following.md). */
  readonly id: string;
  /** The application's own identifier. */
  readonly uid: string;
  /** Whether the uid can still be set, once. */
  readonly uidUpdateable: boolean;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** E.164, with the `+`. */
  readonly number: string | null;
  readonly email: string | null;
  /** Whether the user is an account, such as a company, instead of a person. */
  readonly isAccount: boolean;
  /** IANA name, such as `Africa/Lagos`. */
  readonly timeZone: string | null;
  readonly appVersion: string | null;
  readonly appBuild: string | null;
  /** When the user last used the app. */
  readonly appLastActiveAt: Instant | null;
  readonly meta: Attributes;
  /** When the user signed up in the application. */
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The columns of a `User`, from a table named `users`. */
export const userColumns = columnsOf<User>(
  {
    id: Prisma.sql`users.id`,
    uid: Prisma.sql`users.uid`,
    uidUpdateable: Prisma.sql`users.uid_updateable`,
    firstName: Prisma.sql`users.first_name`,
    lastName: Prisma.sql`users.last_name`,
    number: Prisma.sql`users.number`,
    email: Prisma.sql`users.email`,
    isAccount: Prisma.sql`users.is_account`,
    timeZone: Prisma.sql`users.time_zone`,
    appVersion: Prisma.sql`users.app_version`,
    appBuild: Prisma.sql`users.app_build`,
    appLastActiveAt: { instant: Prisma.sql`users.app_last_active_at` },
    meta: Prisma.sql`users.meta`,
    createdAt: { instant: Prisma.sql`users.created_at` },
    updatedAt: { instant: Prisma.sql`users.updated_at` },
  },
  ['id', 'uid'],
);
