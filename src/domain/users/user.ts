import { Prisma } from '../../db/generated/client.ts';
import type { Attributes } from '../attributes.ts';
import type { Instant } from '../instant.ts';

/** A person (or an account) of the workspace's application. */
export interface User {
  /** UUIDv7: in order of creation. */
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
export const userColumns = Prisma.sql`
  users.id, users.uid, users.uid_updateable AS "uidUpdateable",
  users.first_name AS "firstName", users.last_name AS "lastName", users.number, users.email, users.meta,
  users.created_at AS "createdAt", users.updated_at AS "updatedAt"`;
