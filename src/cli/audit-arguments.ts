import { z } from 'zod';
import { instant } from '../domain/instant.ts';

const uuid = z.uuid({ error: 'must be a UUID' });

/** A user's id. */
export const userId = uuid;

/** An audit entry's id. */
export const entryId = uuid;

/** An actor: a key by its id or its public half, or whoever showed a token, by `token:` and its subject. */
export const actor = z.union([z.uuid().toLowerCase(), z.string().regex(/^(?:pk_|token:.)/)], {
  error: 'must be a key’s id, its public half (pk_…), or token: and a token’s subject',
});

/** A date, whose day begins in UTC, or a time with an offset. */
export const auditSince = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a date, such as 2026-01-31, or a time, such as 2026-01-31T09:30:00Z',
  })
  .transform((text) => new Date(text))
  .pipe(instant);

/** How many entries a command shows. */
export const auditLimit = z.coerce
  .number({ error: 'must be a whole number' })
  .int({ error: 'must be a whole number' })
  .min(1, { error: 'must be 1 at least' })
  .max(1000, { error: 'must be 1000 at most' });
