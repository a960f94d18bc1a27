CREATE OR REPLACE FUNCTION account_balance_at(p_tenant uuid, p_account uuid, p_at timestamp with time zone)
 RETURNS numeric
 LANGUAGE plpgsql
 STABLE
AS $function$
BEGIN
  RETURN (
    WITH RECURSIVE search (low, high) AS (
      SELECT 0::bigint, entry_count FROM account WHERE tenant_id = p_tenant AND id = p_account
      UNION ALL
      SELECT CASE WHEN middle.at <= p_at THEN middle.number ELSE low END,
             CASE WHEN middle.at <= p_at THEN high ELSE middle.number - 1 END
      FROM search
      JOIN entry middle ON middle.tenant_id = p_tenant AND middle.account_id = p_account AND middle.number = (low + high + 1) / 2
      WHERE low < high
    )
    SELECT coalesce((SELECT balance_after FROM entry WHERE tenant_id = p_tenant AND account_id = p_account AND number = low), 0)
    FROM search WHERE low = high
  );
END $function$;
