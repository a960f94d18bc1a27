-- A key names a wish of whoever used it, a seller or the organization: what one does under a key says nothing to another.
-- The owner is the seller's id, or the tenant's for the organization.
ALTER TABLE "idempotency_record" ADD COLUMN     "owner_id" UUID;
UPDATE "idempotency_record" SET "owner_id" = "tenant_id";
ALTER TABLE "idempotency_record" ALTER COLUMN "owner_id" SET NOT NULL;

-- DropIndex
DROP INDEX "idempotency_record_tenant_id_operation_key_key";

-- CreateIndex
CREATE UNIQUE INDEX "idempotency_record_tenant_id_owner_id_operation_key_key" ON "idempotency_record"("tenant_id", "owner_id", "operation", "key");

-- Who used a key before is not known. What may have been a seller's is kept for both, so that no repeat is done anew.
INSERT INTO idempotency_record (tenant_id, id, owner_id, operation, key, request_hash, subject_id, problems, created_at, expires_at)
SELECT r.tenant_id, gen_random_uuid(), o.user_id, r.operation, r.key, r.request_hash, r.subject_id, r.problems, r.created_at, r.expires_at
FROM idempotency_record r
JOIN (
  SELECT tenant_id, id, user_id FROM product UNION ALL SELECT tenant_id, id, user_id FROM customer
  UNION ALL SELECT tenant_id, id, user_id FROM checkout UNION ALL SELECT tenant_id, id, user_id FROM payment
  UNION ALL SELECT tenant_id, id, user_id FROM subscription UNION ALL SELECT tenant_id, id, user_id FROM refund
  UNION ALL SELECT tenant_id, id, user_id FROM api_key UNION ALL SELECT tenant_id, id, id FROM app_user
) o ON o.tenant_id = r.tenant_id AND o.id = r.subject_id
WHERE o.user_id IS NOT NULL;

-- Claims idempotency keys; a key under which something was done answers for its posting, and so does one under which this
-- very request was refused: 'refused' and its problems, as they were kept. A refusal of another request had no effect, and
-- gives way.
CREATE OR REPLACE FUNCTION claim_keys(p_tenant uuid, p_at timestamptz, p_keys jsonb, answers text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  claimed uuid[];
  k record;
BEGIN
  WITH made AS (
    INSERT INTO idempotency_record AS r (tenant_id, id, owner_id, operation, key, request_hash, subject_id, created_at, expires_at)
    SELECT p_tenant, w.id, w.owner, w.operation, w.key, decode(w.hash, 'hex'), w.subject, p_at, p_at + interval '24 hours'
    FROM jsonb_to_recordset(p_keys) AS w (id uuid, owner uuid, operation text, key text, hash text, subject uuid)
    ORDER BY w.owner, w.operation, w.key
    ON CONFLICT (tenant_id, owner_id, operation, key) DO UPDATE
      SET id = excluded.id, request_hash = excluded.request_hash, subject_id = excluded.subject_id, problems = '[]',
          created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE r.expires_at <= p_at OR (r.subject_id IS NULL AND r.request_hash <> excluded.request_hash)
    RETURNING r.id
  )
  SELECT array_agg(made.id) INTO claimed FROM made;
  IF cardinality(claimed) = jsonb_array_length(p_keys) THEN RETURN answers; END IF;

  FOR k IN
    SELECT w.i, r.subject_id, r.problems, r.request_hash = decode(w.hash, 'hex') AS same
    FROM jsonb_to_recordset(p_keys) AS w (i int, id uuid, owner uuid, operation text, key text, hash text)
    JOIN idempotency_record r
      ON r.tenant_id = p_tenant AND r.owner_id = w.owner AND r.operation = w.operation AND r.key = w.key
    WHERE w.id <> ALL (coalesce(claimed, '{}'))
  LOOP
    answers[k.i] := CASE
      WHEN NOT k.same THEN 'key_reused'
      WHEN k.subject_id IS NULL THEN 'refused ' || k.problems::text
      ELSE 'replayed ' || k.subject_id
    END;
  END LOOP;
  RETURN answers;
END $$;

-- Keeps a refusal under its key in place of an earlier refusal of another request, unless the key has its answer, which
-- stands. Answers with what is kept, and whether it is this refusal; with nothing when the key was freed in that very moment.
DROP FUNCTION keep_refusal(uuid, timestamptz, uuid, text, text, bytea, jsonb);
CREATE FUNCTION keep_refusal(
  p_tenant uuid, p_at timestamptz, p_id uuid, p_owner uuid, p_operation text, p_key text, p_hash bytea, p_problems jsonb
) RETURNS TABLE (first boolean, same boolean, subject_id uuid, problems text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- The time as the tenant has it.
  SELECT p_at + t.clock_ahead_ms * interval '1 millisecond' INTO p_at FROM tenant t WHERE t.id = p_tenant;

  INSERT INTO idempotency_record AS r (tenant_id, id, owner_id, operation, key, request_hash, problems, created_at, expires_at)
  VALUES (p_tenant, p_id, p_owner, p_operation, p_key, p_hash, p_problems, p_at, p_at + interval '24 hours')
  ON CONFLICT (tenant_id, owner_id, operation, key) DO UPDATE
    SET id = excluded.id, request_hash = excluded.request_hash, subject_id = NULL, problems = excluded.problems,
        created_at = excluded.created_at, expires_at = excluded.expires_at
    WHERE r.expires_at <= p_at OR (r.subject_id IS NULL AND r.request_hash <> excluded.request_hash);

  RETURN QUERY
  SELECT r.id = p_id, r.request_hash = p_hash, r.subject_id, r.problems::text
  FROM idempotency_record r
  WHERE r.tenant_id = p_tenant AND r.owner_id = p_owner AND r.operation = p_operation AND r.key = p_key;
END $$;
