-- What the tables promise beyond their columns.

-- A reference or an e-mail address is free again once its owner was deleted.
CREATE UNIQUE INDEX product_reference_key ON product (tenant_id, reference) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customer_reference_key ON customer (tenant_id, reference) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customer_email_key ON customer (tenant_id, lower(email)) WHERE deleted_at IS NULL;

-- Numbers the events of a tenant under a lock that is held to the commit: the order of the numbers is the order of
-- the commits, without a gap, so that a reader who has seen n has missed nothing below n.
CREATE FUNCTION append_events(p_tenant uuid, p_events jsonb, p_at timestamptz, p_request text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  n int := jsonb_array_length(p_events);
  before bigint;
BEGIN
  INSERT INTO event_counter AS c (tenant_id, last) VALUES (p_tenant, n)
  ON CONFLICT (tenant_id) DO UPDATE SET last = c.last + n
  RETURNING c.last - n INTO before;

  INSERT INTO event (tenant_id, id, cursor, type, entity_kind, entity_id, sequence, topic_id, payload, at, request_id)
  SELECT p_tenant, e.id, before + e.place, e.type, e.entity_kind, e.entity_id,
         coalesce((SELECT max(x.sequence) FROM event x WHERE x.tenant_id = p_tenant AND x.entity_id = e.entity_id), 0)
           + row_number() OVER (PARTITION BY e.entity_id ORDER BY e.place),
         e.topic_id, e.payload, p_at, p_request
  FROM (
    SELECT (j ->> 'id')::uuid AS id, place, j ->> 'type' AS type, j ->> 'entityKind' AS entity_kind,
           (j ->> 'entityId')::uuid AS entity_id, (j ->> 'topicId')::uuid AS topic_id, j -> 'payload' AS payload
    FROM jsonb_array_elements(p_events) WITH ORDINALITY AS t(j, place)
  ) e;

  PERFORM pg_notify('tollgate_events', p_tenant::text);
END $$;

-- A posted entry is never changed.
CREATE FUNCTION entry_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'entries are never changed or deleted';
END $$;
CREATE TRIGGER entry_is_final BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION entry_is_final();
CREATE TRIGGER entries_are_final BEFORE TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION entry_is_final();

-- The entries of one transaction come in one statement and sum to zero per currency.
CREATE FUNCTION entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM added GROUP BY transaction_id, currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'entries of a transaction must sum to zero per currency';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entries_balance AFTER INSERT ON entry REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION entries_balance();

-- The accounts with these external ids, in order; those that are missing are opened.
CREATE FUNCTION ledger_open_accounts(
  p_tenant uuid, p_ids uuid[], p_external_ids text[], p_names text[], p_kinds "AccountKind"[], p_currencies text[], p_overdrafts boolean[], p_at timestamptz
) RETURNS TABLE (external_id text, id uuid, opened boolean) LANGUAGE plpgsql AS $$
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
END $$;

-- Posts one transaction in one round trip. Answers 'posted', 'already_posted' (the cause has its posting),
-- or why not: 'account_not_found', 'account_frozen <id>', 'insufficient_funds <id> <available>'.
CREATE FUNCTION ledger_post(
  p_tenant uuid, p_id uuid, p_type "LedgerTransactionType", p_recipe text, p_account uuid, p_total numeric,
  p_currency text, p_cause_kind text, p_cause uuid, p_reference uuid, p_metadata jsonb, p_at timestamptz,
  p_entry_ids uuid[], p_accounts uuid[], p_amounts numeric[]
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  refused record;
BEGIN
  -- Locked in the order of the ids, so that two postings over the same accounts never wait for each other.
  PERFORM 1 FROM account WHERE tenant_id = p_tenant AND id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE;

  IF (SELECT count(DISTINCT x) FROM unnest(p_accounts) x)
     <> (SELECT count(*) FROM account WHERE tenant_id = p_tenant AND id = ANY (p_accounts)) THEN
    RETURN 'account_not_found';
  END IF;

  -- Asked before the funds are: a repeat finds them already spent by the first.
  IF EXISTS (SELECT 1 FROM ledger_transaction WHERE tenant_id = p_tenant AND cause_id = p_cause AND recipe = p_recipe) THEN
    RETURN 'already_posted';
  END IF;

  SELECT a.id INTO refused FROM account a
  WHERE a.tenant_id = p_tenant AND a.id = ANY (p_accounts) AND a.frozen LIMIT 1;
  IF FOUND THEN RETURN 'account_frozen ' || refused.id; END IF;

  SELECT a.id, a.balance - a.held AS available INTO refused
  FROM account a
  JOIN (SELECT id, sum(amount) AS delta FROM unnest(p_accounts, p_amounts) AS l(id, amount) GROUP BY id) d ON d.id = a.id
  WHERE a.tenant_id = p_tenant AND NOT a.overdraft AND d.delta < 0 AND a.balance - a.held + d.delta < 0 LIMIT 1;
  IF FOUND THEN RETURN 'insufficient_funds ' || refused.id || ' ' || refused.available; END IF;

  INSERT INTO ledger_transaction (tenant_id, id, type, state, recipe, account_id, total, currency, cause_kind, cause_id,
                                  reference_id, metadata, created_at, completed_at)
  VALUES (p_tenant, p_id, p_type, 'COMPLETED', p_recipe, p_account, p_total, p_currency, p_cause_kind, p_cause,
          p_reference, p_metadata, p_at, p_at)
  ON CONFLICT (tenant_id, cause_id, recipe) DO NOTHING;
  IF NOT FOUND THEN RETURN 'already_posted'; END IF;

  INSERT INTO entry (tenant_id, id, account_id, transaction_id, number, amount, currency, balance_after, at)
  SELECT p_tenant, l.id, l.account_id, p_id,
         a.entry_count + row_number() OVER (PARTITION BY l.account_id ORDER BY l.place),
         l.amount, a.currency, a.balance + sum(l.amount) OVER (PARTITION BY l.account_id ORDER BY l.place), p_at
  FROM unnest(p_entry_ids, p_accounts, p_amounts) WITH ORDINALITY AS l(id, account_id, amount, place)
  JOIN account a ON a.tenant_id = p_tenant AND a.id = l.account_id;

  UPDATE account a SET balance = a.balance + d.delta, entry_count = a.entry_count + d.entries, updated_at = p_at
  FROM (SELECT id, sum(amount) AS delta, count(*) AS entries FROM unnest(p_accounts, p_amounts) AS l(id, amount) GROUP BY id) d
  WHERE a.tenant_id = p_tenant AND a.id = d.id;

  RETURN 'posted';
END $$;
