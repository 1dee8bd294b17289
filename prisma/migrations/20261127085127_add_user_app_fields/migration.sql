-- Constant defaults: PostgreSQL does not rewrite the table.
ALTER TABLE "users" ADD COLUMN     "app_build" TEXT,
ADD COLUMN     "app_last_active_at" TIMESTAMPTZ(3),
ADD COLUMN     "app_version" TEXT,
ADD COLUMN     "is_account" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "time_zone" TEXT;
