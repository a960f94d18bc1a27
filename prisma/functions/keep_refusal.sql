CREATE OR REPLACE FUNCTION keep_refusal(p_tenant uuid, p_id uuid, p_owner uuid, p_operation text, p_key text, p_hash bytea, p_problems jsonb)
 RETURNS TABLE(first boolean, same boolean, subject_id uuid, problems text)
 LANGUAGE plpgsql
AS $function$
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
END $function$;
