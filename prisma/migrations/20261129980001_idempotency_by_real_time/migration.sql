-- Idempotency keys end by real time: whoever turns a test clock has not waited, and a repeat of theirs is still a repeat.
DROP FUNCTION claim_idempotency_key(uuid, uuid, uuid, text, text, bytea, uuid, uuid, timestamptz, timestamptz);

CREATE OR REPLACE FUNCTION claim_idempotency_key(tenant uuid, record uuid, owner uuid, of_operation text, of_key text, hash bytea, subject uuid, act uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO idempotency_record AS r
    (tenant_id, id, owner_id, operation, key, request_hash, subject_id, act_id, created_at, expires_at)
  VALUES (tenant, record, owner, of_operation, of_key, hash, subject, act, now(), now() + interval '24 hours')
  ON CONFLICT (tenant_id, owner_id, operation, key) DO UPDATE
    SET request_hash = excluded.request_hash, subject_id = excluded.subject_id, act_id = excluded.act_id,
        problems = '[]', created_at = excluded.created_at, expires_at = excluded.expires_at
    WHERE r.expires_at <= now() OR (r.subject_id IS NULL AND r.request_hash <> excluded.request_hash);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the idempotency key has an answer, which is given again' USING ERRCODE = 'TG001';
  END IF;
END $$;

DROP FUNCTION keep_refusal(uuid, timestamptz, uuid, uuid, text, text, bytea, jsonb);

CREATE OR REPLACE FUNCTION keep_refusal(p_tenant uuid, p_id uuid, p_owner uuid, p_operation text, p_key text, p_hash bytea, p_problems jsonb)
RETURNS TABLE (first boolean, same boolean, subject_id uuid, problems text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO idempotency_record AS r (tenant_id, id, owner_id, operation, key, request_hash, problems, created_at, expires_at)
  VALUES (p_tenant, p_id, p_owner, p_operation, p_key, p_hash, p_problems, now(), now() + interval '24 hours')
  ON CONFLICT (tenant_id, owner_id, operation, key) DO UPDATE
    SET id = excluded.id, request_hash = excluded.request_hash, subject_id = NULL, problems = excluded.problems,
        created_at = excluded.created_at, expires_at = excluded.expires_at
    WHERE r.expires_at <= now() OR (r.subject_id IS NULL AND r.request_hash <> excluded.request_hash);

  RETURN QUERY
  SELECT r.id = p_id, r.request_hash = p_hash, r.subject_id, r.problems::text
  FROM idempotency_record r
  WHERE r.tenant_id = p_tenant AND r.owner_id = p_owner AND r.operation = p_operation AND r.key = p_key;
END $$;

-- Those that were kept by a test clock that is ahead.
UPDATE idempotency_record SET expires_at = now() + interval '24 hours' WHERE expires_at > now() + interval '24 hours';
