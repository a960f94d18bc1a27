-- Text is searched by its trigrams where the server has pg_trgm and this role may create it or use it. Elsewhere, and
-- where the database does not lower I to i, a search reads the tenant's rows, for as long as a statement may take.
DO $$
DECLARE
  operators text;
BEGIN
  IF lower('I') <> 'i' THEN RETURN; END IF;
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  SELECT quote_ident(n.nspname) || '.gin_trgm_ops' INTO STRICT operators
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
  EXECUTE format('CREATE INDEX customer_search ON customer USING gin (name %1$s, last_name %1$s, email %1$s, reference %1$s)', operators);
  EXECUTE format('CREATE INDEX product_search ON product USING gin (name %1$s, description %1$s, reference %1$s)', operators);
  EXECUTE format('CREATE INDEX app_user_search ON app_user USING gin (name %1$s, last_name %1$s, email %1$s)', operators);
  EXECUTE format('CREATE INDEX account_search ON account USING gin (name %1$s, external_id %1$s)', operators);
EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file OR undefined_object OR invalid_schema_name THEN
  RAISE NOTICE 'text is searched without an index: %', SQLERRM;
END
$$;
