-- AlterEnum: idempotency keys of whole requests of upsertUsers.
ALTER TYPE "idempotent_operation" ADD VALUE 'upsertUsers';

-- What a request with several inputs has written.
ALTER TABLE "idempotency_keys" ADD COLUMN "results" JSONB;
