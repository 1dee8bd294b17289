-- Finds the keys of bulk requests that wrote a user, for its erasure.
CREATE INDEX "idempotency_keys_results_idx" ON "idempotency_keys"("workspace_id") WHERE "results" IS NOT NULL;
