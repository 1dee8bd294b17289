-- The subject of a token could equal the id of a key. From now on `key_id` is the id of a key, or `token:` and a subject.
-- Keys are revoked, never deleted, so an entry by no key of its workspace is by a token.
UPDATE "audit_entries"
SET "key_id" = 'token:' || "key_id"
WHERE NOT EXISTS (
  SELECT FROM "api_keys"
  WHERE "api_keys"."workspace_id" = "audit_entries"."workspace_id" AND "api_keys"."id"::text = "audit_entries"."key_id"
);
