CREATE OR REPLACE FUNCTION claim_idempotency_key(tenant uuid, record uuid, owner uuid, of_operation text, of_key text, hash bytea, subject uuid, act uuid)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;
