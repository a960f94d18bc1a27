-- Answers that are kept for repeats: the object of a mutation that was done, or the problems of one that was refused.

-- Claims idempotency keys; a key that was claimed before answers for its posting, and so does one that was refused:
-- 'refused' and its problems, as they were kept.
CREATE OR REPLACE FUNCTION claim_keys(p_tenant uuid, p_at timestamptz, p_keys jsonb, answers text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  claimed uuid[];
  k record;
BEGIN
  WITH made AS (
    INSERT INTO idempotency_record AS r (tenant_id, id, operation, key, request_hash, subject_id, created_at, expires_at)
    SELECT p_tenant, w.id, w.operation, w.key, decode(w.hash, 'hex'), w.subject, p_at, p_at + interval '24 hours'
    FROM jsonb_to_recordset(p_keys) AS w (id uuid, operation text, key text, hash text, subject uuid)
    ORDER BY w.operation, w.key
    ON CONFLICT (tenant_id, operation, key) DO UPDATE
      SET id = excluded.id, request_hash = excluded.request_hash, subject_id = excluded.subject_id, problems = '[]',
          created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE r.expires_at <= p_at
    RETURNING r.id
  )
  SELECT array_agg(made.id) INTO claimed FROM made;
  IF cardinality(claimed) = jsonb_array_length(p_keys) THEN RETURN answers; END IF;

  FOR k IN
    SELECT w.i, r.subject_id, r.problems, r.request_hash = decode(w.hash, 'hex') AS same
    FROM jsonb_to_recordset(p_keys) AS w (i int, id uuid, operation text, key text, hash text)
    JOIN idempotency_record r ON r.tenant_id = p_tenant AND r.operation = w.operation AND r.key = w.key
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

-- Keeps a refusal under its key, unless the key has its answer, which stands. Answers with what is kept, and whether it
-- is this refusal; with nothing when the key was freed in that very moment.
CREATE FUNCTION keep_refusal(p_tenant uuid, p_at timestamptz, p_id uuid, p_operation text, p_key text, p_hash bytea, p_problems jsonb)
RETURNS TABLE (first boolean, same boolean, subject_id uuid, problems text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  -- The time as the tenant has it.
  SELECT p_at + t.clock_ahead_ms * interval '1 millisecond' INTO p_at FROM tenant t WHERE t.id = p_tenant;

  INSERT INTO idempotency_record AS r (tenant_id, id, operation, key, request_hash, problems, created_at, expires_at)
  VALUES (p_tenant, p_id, p_operation, p_key, p_hash, p_problems, p_at, p_at + interval '24 hours')
  ON CONFLICT (tenant_id, operation, key) DO UPDATE
    SET id = excluded.id, request_hash = excluded.request_hash, subject_id = NULL, problems = excluded.problems,
        created_at = excluded.created_at, expires_at = excluded.expires_at
    WHERE r.expires_at <= p_at;

  RETURN QUERY
  SELECT r.id = p_id, r.request_hash = p_hash, r.subject_id, r.problems::text
  FROM idempotency_record r WHERE r.tenant_id = p_tenant AND r.operation = p_operation AND r.key = p_key;
END $$;

-- Who is asked before money moves, in order.
CREATE INDEX webhook_endpoint_preflight ON webhook_endpoint (tenant_id, created_at, id)
  WHERE kind = 'PREFLIGHT' AND active AND deleted_at IS NULL;
