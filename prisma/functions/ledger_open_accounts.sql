CREATE OR REPLACE FUNCTION ledger_open_accounts(p_tenant uuid, p_ids uuid[], p_external_ids text[], p_names text[], p_kinds "AccountKind"[], p_currencies text[], p_overdrafts boolean[], p_at timestamp with time zone)
 RETURNS TABLE(external_id text, id uuid, opened boolean)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH wanted AS (
    SELECT * FROM unnest(p_ids, p_external_ids, p_names, p_kinds, p_currencies, p_overdrafts)
      AS w(id, external_id, name, kind, currency, overdraft)
  ), made AS (
    INSERT INTO account (tenant_id, id, external_id, name, kind, currency, overdraft, created_at, updated_at)
    SELECT p_tenant, w.id, w.external_id, w.name, w.kind, w.currency, w.overdraft, p_at, p_at FROM wanted w
    ORDER BY w.external_id
    ON CONFLICT (tenant_id, external_id) DO NOTHING
    RETURNING account.external_id, account.id
  )
  SELECT m.external_id, m.id, true FROM made m;

  RETURN QUERY
  SELECT a.external_id, a.id, false FROM account a
  WHERE a.tenant_id = p_tenant AND a.external_id = ANY (p_external_ids) AND a.id <> ALL (p_ids);
END $function$;
