-- AlterTable
ALTER TABLE "users" ADD COLUMN     "public_meta" JSONB NOT NULL DEFAULT '{}';
