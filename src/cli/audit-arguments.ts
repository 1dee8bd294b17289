import { z } from 'zod';
import { instant } from '../domain/instant.ts';

const uuid = z.uuid({ error: 'must be a UUID' });

/** A user's id. */
export const userId = uuid;

/** An audit entry's id. */
export const entryId = uuid;

/** What the audit trail may be asked for a key by. */
export const keyName = z.string().min(1, { error: 'must not be empty' });

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
