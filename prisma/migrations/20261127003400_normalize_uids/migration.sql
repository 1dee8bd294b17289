-- Uids are stored and looked up in Unicode normal form C from now on. Users whose uid would be another user's of their
-- workspace keep it: `npm run cli -- users check-uids` reports them.
DO $$
BEGIN
  -- PostgreSQL normalizes in UTF8 alone. In other encodings, uids stay as they are; check-uids reports those at fault.
  IF getdatabaseencoding() <> 'UTF8' THEN
    RAISE NOTICE 'uids were not normalized: the encoding of this database is %, not UTF8', getdatabaseencoding();
    RETURN;
  END IF;
  UPDATE "users"
  SET "uid" = "renamed"."form"
  FROM (
    SELECT
      "workspace_id", "id", normalize("uid", NFC) AS "form",
      count(*) OVER (PARTITION BY "workspace_id", normalize("uid", NFC)) AS "alike"
    FROM "users" WHERE "uid" IS NOT NFC NORMALIZED
  ) AS "renamed"
  WHERE "users"."workspace_id" = "renamed"."workspace_id" AND "users"."id" = "renamed"."id" AND "renamed"."alike" = 1
    AND NOT EXISTS (
      SELECT FROM "users" AS "holder"
      WHERE "holder"."workspace_id" = "renamed"."workspace_id" AND "holder"."uid" = "renamed"."form"
    );
END $$;
