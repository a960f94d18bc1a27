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
         e.topic_id, e.payload, p_at, coalesce(e.request_id, p_request)
  FROM (
    SELECT (j ->> 'id')::uuid AS id, place, j ->> 'type' AS type, j ->> 'entityKind' AS entity_kind,
           (j ->> 'entityId')::uuid AS entity_id, (j ->> 'topicId')::uuid AS topic_id, j -> 'payload' AS payload, j ->> 'requestId' AS request_id
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

-- One posting per cause and recipe; the rest are the lists that people page through.
CREATE UNIQUE INDEX ledger_transaction_cause_key ON ledger_transaction (tenant_id, cause_id, recipe) WHERE cause_id IS NOT NULL;
CREATE INDEX ledger_transaction_parent ON ledger_transaction (tenant_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX ledger_transaction_reference ON ledger_transaction (tenant_id, reference_id) WHERE reference_id IS NOT NULL;
CREATE INDEX ledger_transaction_account ON ledger_transaction (tenant_id, account_id, id) WHERE type = 'EXTERNAL';
CREATE INDEX ledger_transaction_account_hold ON ledger_transaction (tenant_id, account_id, id) WHERE type = 'EXTERNAL' AND state = 'HELD';
CREATE INDEX ledger_transaction_hold ON ledger_transaction (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX event_topic ON event (tenant_id, topic_id, cursor) WHERE topic_id IS NOT NULL;
-- A balance is updated in place while its page has room for the next version of the row.
ALTER TABLE account SET (fillfactor = 70);

-- Posts a batch of one tenant in one round trip, each posting accepted or refused on its own, in their order.
--
-- A leg changes one account, by its place in p_accounts (distinct, in ascending order): its balance by p_amounts, what
-- is held of it by p_held. Legs stand in the order of their postings. Headers (the transactions to insert), keys
-- (idempotency records) and events name their posting as "i"; each may be null.
--
-- Answers, per posting: 'posted', 'replayed <subject>', 'key_reused', 'already_posted' (the cause has its posting),
-- 'account_not_found <id>', 'account_frozen <id>', 'currency_mismatch <id>', 'balance_too_large <id>',
-- 'insufficient_funds <id> <available>'; and after them the moment at which the batch was posted, in milliseconds.
CREATE FUNCTION ledger_post(
  p_tenant uuid, p_at timestamptz, p_request text, p_postings int, p_accounts uuid[],
  p_leg_posting int[], p_leg_account int[], p_leg_amount numeric[], p_leg_held numeric[], p_leg_currency text[],
  p_leg_transaction uuid[], p_leg_entry uuid[], p_headers jsonb, p_keys jsonb, p_events jsonb
) RETURNS text[] LANGUAGE plpgsql
-- Its statements are always answered by index: planned once a connection, and not for the few rows of a first day.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
  a_balance numeric[]; a_held numeric[]; a_count bigint[]; a_overdraft boolean[]; a_frozen boolean[]; a_currency text[];
  latest timestamptz;
  l_number bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_leg_posting)]);
  l_after numeric[] := array_fill(NULL::numeric, ARRAY[cardinality(p_leg_posting)]);
  answers text[] := array_fill(NULL::text, ARRAY[p_postings]);
  legs int := cardinality(p_leg_posting);
  leg int := 1;
  first_leg int;
  this int;
  a int;
  refusal text;
  known record;
BEGIN
  IF p_keys IS NOT NULL THEN answers := claim_keys(p_tenant, p_at, p_keys, answers); END IF;

  -- Locked in the order of the ids, so that two batches over the same accounts never wait for each other.
  SELECT array_agg(x.balance ORDER BY w.place), array_agg(x.held ORDER BY w.place), array_agg(x.entry_count ORDER BY w.place),
         array_agg(x.overdraft ORDER BY w.place), array_agg(x.frozen ORDER BY w.place), array_agg(x.currency ORDER BY w.place),
         max(x.updated_at)
  INTO a_balance, a_held, a_count, a_overdraft, a_frozen, a_currency, latest
  FROM unnest(p_accounts) WITH ORDINALITY AS w (id, place)
  LEFT JOIN (SELECT * FROM account WHERE tenant_id = p_tenant AND id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE) x
    ON x.id = w.id;

  -- Who waited for a lock was asked earlier than it posts; an account's entries are in the order of their time.
  p_at := greatest(p_at, latest);

  IF p_headers @? '$[*].causeId' THEN
    FOR known IN
      SELECT h.i FROM jsonb_to_recordset(p_headers) AS h (i int, recipe text, "causeId" uuid)
      JOIN ledger_transaction t ON t.tenant_id = p_tenant AND t.cause_id = h."causeId" AND t.recipe = h.recipe
    LOOP
      answers[known.i] := coalesce(answers[known.i], 'already_posted');
    END LOOP;
  END IF;

  WHILE leg <= legs LOOP
    this := p_leg_posting[leg];
    first_leg := leg;
    refusal := answers[this];
    WHILE leg <= legs AND p_leg_posting[leg] = this LOOP
      IF refusal IS NULL THEN
        a := p_leg_account[leg];
        refusal := CASE
          WHEN a_balance[a] IS NULL THEN 'account_not_found ' || p_accounts[a]
          WHEN a_currency[a] <> p_leg_currency[leg] THEN 'currency_mismatch ' || p_accounts[a]
          -- A hold that is given up frees what is held, also of an account that was frozen meanwhile.
          WHEN a_frozen[a] AND NOT (p_leg_amount[leg] = 0 AND p_leg_held[leg] < 0) THEN 'account_frozen ' || p_accounts[a]
          WHEN NOT a_overdraft[a] AND p_leg_amount[leg] < p_leg_held[leg]
               AND a_balance[a] - a_held[a] + p_leg_amount[leg] - p_leg_held[leg] < 0
            THEN 'insufficient_funds ' || p_accounts[a] || ' ' || (a_balance[a] - a_held[a])
          WHEN abs(a_balance[a] + p_leg_amount[leg]) >= 1e38 OR a_held[a] + p_leg_held[leg] >= 1e38
            THEN 'balance_too_large ' || p_accounts[a]
        END;
        IF refusal IS NULL THEN
          a_balance[a] := a_balance[a] + p_leg_amount[leg];
          a_held[a] := a_held[a] + p_leg_held[leg];
          IF p_leg_amount[leg] <> 0 THEN
            a_count[a] := a_count[a] + 1;
            l_number[leg] := a_count[a];
          END IF;
          l_after[leg] := a_balance[a];
        END IF;
      END IF;
      leg := leg + 1;
    END LOOP;
    IF refusal IS NOT NULL THEN
      -- What the posting's earlier legs did is undone.
      FOR u IN first_leg..leg - 1 LOOP
        CONTINUE WHEN l_after[u] IS NULL;
        a := p_leg_account[u];
        a_balance[a] := a_balance[a] - p_leg_amount[u];
        a_held[a] := a_held[a] - p_leg_held[u];
        IF l_number[u] IS NOT NULL THEN a_count[a] := a_count[a] - 1; END IF;
        l_number[u] := NULL;
        l_after[u] := NULL;
      END LOOP;
    END IF;
    answers[this] := coalesce(refusal, 'posted');
  END LOOP;

  IF p_headers IS NOT NULL THEN
    INSERT INTO ledger_transaction (tenant_id, id, type, state, recipe, account_id, total, currency, parent_id, destination_id,
      converted, converted_currency, rate, cause_kind, cause_id, reference_id, metadata, expires_at, created_at, completed_at)
    SELECT p_tenant, h.id, h.type, h.state, h.recipe, h."accountId", h.total, h.currency, h."parentId", h."destinationId",
      h.converted, h."convertedCurrency", h.rate, h."causeKind", h."causeId", h."referenceId", coalesce(h.metadata, '{}'), h."expiresAt",
      p_at, CASE WHEN h.state <> 'HELD' THEN p_at END
    FROM jsonb_to_recordset(p_headers) AS h (
      i int, id uuid, type "LedgerTransactionType", state "LedgerTransactionState", recipe text, "accountId" uuid, total numeric,
      currency text, "parentId" uuid, "destinationId" uuid, converted numeric, "convertedCurrency" text, rate numeric,
      "causeKind" text, "causeId" uuid, "referenceId" uuid, metadata jsonb, "expiresAt" timestamptz)
    WHERE answers[h.i] = 'posted';
  END IF;

  INSERT INTO entry (tenant_id, id, account_id, transaction_id, number, amount, currency, balance_after, at)
  SELECT p_tenant, l.entry, p_accounts[l.account], l.transaction, l.number, l.amount, l.currency, l.after, p_at
  FROM unnest(p_leg_entry, p_leg_account, p_leg_transaction, l_number, p_leg_amount, p_leg_currency, l_after)
    AS l (entry, account, transaction, number, amount, currency, after)
  WHERE l.number IS NOT NULL;

  UPDATE account x SET balance = u.balance, held = u.held, entry_count = u.entries, updated_at = p_at
  FROM unnest(p_accounts, a_balance, a_held, a_count) AS u (id, balance, held, entries)
  WHERE x.tenant_id = p_tenant AND x.id = u.id AND (x.entry_count <> u.entries OR x.held <> u.held);

  IF p_keys IS NOT NULL AND 'posted' <> ANY (answers) THEN
    DELETE FROM idempotency_record r USING jsonb_to_recordset(p_keys) AS k (i int, id uuid)
    WHERE r.tenant_id = p_tenant AND r.id = k.id AND answers[k.i] <> 'posted';
  END IF;

  IF p_events IS NOT NULL AND 'posted' = ANY (answers) THEN
    IF 'posted' <> ANY (answers) THEN
      SELECT jsonb_agg(e ORDER BY place) INTO p_events FROM jsonb_array_elements(p_events) WITH ORDINALITY AS t (e, place)
      WHERE answers[(e ->> 'i')::int] = 'posted';
    END IF;
    PERFORM append_events(p_tenant, p_events, p_at, p_request);
  END IF;
  RETURN answers || trunc(extract(epoch FROM p_at) * 1000)::text;
END $$;

-- Claims idempotency keys; a key that was claimed before answers for its posting.
CREATE FUNCTION claim_keys(p_tenant uuid, p_at timestamptz, p_keys jsonb, answers text[]) RETURNS text[] LANGUAGE plpgsql AS $$
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
      SET id = excluded.id, request_hash = excluded.request_hash, subject_id = excluded.subject_id,
          created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE r.expires_at <= p_at
    RETURNING r.id
  )
  SELECT array_agg(made.id) INTO claimed FROM made;
  IF cardinality(claimed) = jsonb_array_length(p_keys) THEN RETURN answers; END IF;

  FOR k IN
    SELECT w.i, r.subject_id, r.request_hash = decode(w.hash, 'hex') AS same
    FROM jsonb_to_recordset(p_keys) AS w (i int, id uuid, operation text, key text, hash text)
    JOIN idempotency_record r ON r.tenant_id = p_tenant AND r.operation = w.operation AND r.key = w.key
    WHERE w.id <> ALL (coalesce(claimed, '{}'))
  LOOP
    answers[k.i] := CASE WHEN k.same THEN 'replayed ' || k.subject_id ELSE 'key_reused' END;
  END LOOP;
  RETURN answers;
END $$;

-- An account's balance at a moment: that after its last entry until then. An account's entries are numbered in the order
-- of their time, so the last one is found by halving: among a million in twenty steps.
CREATE FUNCTION account_balance_at(p_tenant uuid, p_account uuid, p_at timestamptz) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
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
END $$;
