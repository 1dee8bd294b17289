-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "rate_limit" INTEGER,
ADD COLUMN     "rate_limit_public" INTEGER;

-- CreateTable (unlogged by hand: what a crash of the database loses is given anew, and nothing waits for the disk)
CREATE UNLOGGED TABLE "rate_limit_points" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_points_pkey" PRIMARY KEY ("key")
);
