/** The advisory locks of changes to the schema, arbitrary but fixed. Changes of partitions take both, so that all exclude each other. */

/** The key of the advisory lock that Prisma's schema engine takes: `prisma migrate deploy` and migrations of this process exclude each other. */
export const PRISMA_LOCK = 72_707_369;

/** Held by the creation and the drop of an optional index. */
export const INDEX_LOCK = 72_707_370;

/** The message of an error if another process holds these locks. */
export const BUSY = 'Another process is changing indexes, partitions or the schema. Retry when it has finished.';
