CREATE OR REPLACE FUNCTION claim_keys(p_tenant uuid, p_at timestamp with time zone, p_keys jsonb, answers text[])
 RETURNS text[]
 LANGUAGE plpgsql
AS $function$
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
END $function$;
