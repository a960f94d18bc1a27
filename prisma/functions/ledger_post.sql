CREATE OR REPLACE FUNCTION ledger_post(p_tenant uuid, p_at timestamp with time zone, p_request text, p_postings integer, p_accounts uuid[], p_leg_posting integer[], p_leg_account integer[], p_leg_amount numeric[], p_leg_held numeric[], p_leg_currency text[], p_leg_transaction uuid[], p_leg_entry uuid[], p_headers jsonb, p_keys jsonb, p_events jsonb)
 RETURNS text[]
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
DECLARE
  a_balance numeric[]; a_held numeric[]; a_count bigint[]; a_lowest numeric[]; a_overdraft boolean[]; a_fraction numeric[]; a_frozen boolean[]; a_currency text[];
  latest timestamptz;
  l_number bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_leg_posting)]);
  l_after numeric[] := array_fill(NULL::numeric, ARRAY[cardinality(p_leg_posting)]);
  answers text[] := array_fill(NULL::text, ARRAY[p_postings]);
  legs int := cardinality(p_leg_posting);
  leg int := 1;
  first_leg int;
  first_legs int[] := array_fill(NULL::int, ARRAY[p_postings]);
  l_exact numeric[] := array_fill(NULL::numeric, ARRAY[cardinality(p_leg_posting)]);
  this int;
  a int;
  refusal text;
  known record;
BEGIN
  IF p_keys IS NOT NULL THEN answers := claim_keys(p_tenant, p_at, p_keys, answers); END IF;

  -- Locked in the order of the ids, so that two batches over the same accounts never wait for each other.
  SELECT array_agg(x.balance ORDER BY w.place), array_agg(x.held ORDER BY w.place), array_agg(x.entry_count ORDER BY w.place),
         array_agg(CASE WHEN x.overdraft THEN -x.overdraft_limit ELSE 0 END ORDER BY w.place),
         array_agg(x.overdraft ORDER BY w.place), array_agg(x.fraction ORDER BY w.place), array_agg(x.frozen ORDER BY w.place), array_agg(x.currency ORDER BY w.place),
         max(x.updated_at)
  INTO a_balance, a_held, a_count, a_lowest, a_overdraft, a_fraction, a_frozen, a_currency, latest
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
    first_legs[this] := leg;
    refusal := answers[this];
    WHILE leg <= legs AND p_leg_posting[leg] = this LOOP
      IF refusal IS NULL THEN
        a := p_leg_account[leg];
        IF scale(p_leg_amount[leg]) > 0 THEN
          l_exact[leg] := p_leg_amount[leg];
          p_leg_amount[leg] := floor(a_fraction[a] + l_exact[leg]);
          a_fraction[a] := a_fraction[a] + l_exact[leg] - p_leg_amount[leg];
          p_leg_amount[leg + 1] := p_leg_amount[leg + 1] - p_leg_amount[leg];
        END IF;
        refusal := CASE
          WHEN a_balance[a] IS NULL THEN 'account_not_found ' || p_accounts[a]
          WHEN a_currency[a] <> p_leg_currency[leg] THEN 'currency_mismatch ' || p_accounts[a]
          -- A hold that is given up frees what is held, also of an account that was frozen meanwhile.
          WHEN a_frozen[a] AND NOT (p_leg_amount[leg] = 0 AND p_leg_held[leg] < 0) THEN 'account_frozen ' || p_accounts[a]
          -- Nothing is below the lowest balance where an account has none.
          WHEN p_leg_amount[leg] < p_leg_held[leg]
               AND a_balance[a] - a_held[a] + p_leg_amount[leg] - p_leg_held[leg] < a_lowest[a]
            THEN CASE WHEN a_overdraft[a] THEN 'overdraft_limit_exceeded ' ELSE 'insufficient_funds ' END
              || p_accounts[a] || ' ' || (a_balance[a] - a_held[a] - a_lowest[a])
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
        a := p_leg_account[u];
        IF l_exact[u] IS NOT NULL THEN a_fraction[a] := a_fraction[a] - l_exact[u] + p_leg_amount[u]; END IF;
        CONTINUE WHEN l_after[u] IS NULL;
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
      converted, converted_currency, rate, rounding, cause_kind, cause_id, reference_id, metadata, expires_at, created_at, completed_at)
    SELECT p_tenant, h.id, h.type, h.state, h.recipe, h."accountId", h.total, h.currency, h."parentId", h."destinationId",
      h.converted, h."convertedCurrency", h.rate, h.rounding, h."causeKind", h."causeId", h."referenceId", coalesce(h.metadata, '{}'), h."expiresAt",
      p_at, CASE WHEN h.state <> 'HELD' THEN p_at END
    FROM jsonb_to_recordset(p_headers) AS h (
      i int, id uuid, type "LedgerTransactionType", state "LedgerTransactionState", recipe text, "accountId" uuid, total numeric,
      currency text, "parentId" uuid, "destinationId" uuid, converted numeric, "convertedCurrency" text, rate numeric, rounding numeric,
      "causeKind" text, "causeId" uuid, "referenceId" uuid, metadata jsonb, "expiresAt" timestamptz)
    WHERE answers[h.i] = 'posted';
  END IF;

  INSERT INTO entry (tenant_id, id, account_id, transaction_id, number, amount, currency, balance_after, at)
  SELECT p_tenant, l.entry, p_accounts[l.account], l.transaction, l.number, l.amount, l.currency, l.after, p_at
  FROM unnest(p_leg_entry, p_leg_account, p_leg_transaction, l_number, p_leg_amount, p_leg_currency, l_after)
    AS l (entry, account, transaction, number, amount, currency, after)
  WHERE l.number IS NOT NULL;

  UPDATE account x SET balance = u.balance, held = u.held, entry_count = u.entries, fraction = u.fraction, updated_at = p_at
  FROM unnest(p_accounts, a_balance, a_held, a_count, a_fraction) AS u (id, balance, held, entries, fraction)
  WHERE x.tenant_id = p_tenant AND x.id = u.id
    AND (x.entry_count <> u.entries OR x.held <> u.held OR x.fraction <> u.fraction);

  IF p_keys IS NOT NULL AND 'posted' <> ANY (answers) THEN
    DELETE FROM idempotency_record r USING jsonb_to_recordset(p_keys) AS k (i int, id uuid)
    WHERE r.tenant_id = p_tenant AND r.id = k.id AND answers[k.i] <> 'posted';
  END IF;

  IF p_events IS NOT NULL AND 'posted' = ANY (answers) THEN
    IF 'posted' <> ANY (answers) THEN
      SELECT jsonb_agg(e ORDER BY place) INTO p_events FROM jsonb_array_elements(p_events) WITH ORDINALITY AS t (e, place)
      WHERE answers[(e ->> 'i')::int] = 'posted';
    END IF;
    IF EXISTS (SELECT FROM unnest(l_exact) x WHERE x IS NOT NULL) THEN
      SELECT jsonb_agg(ledger_booked(e, p_leg_amount, first_legs[(e ->> 'i')::int]) ORDER BY place) INTO p_events
      FROM jsonb_array_elements(p_events) WITH ORDINALITY AS t (e, place);
    END IF;
    PERFORM append_events(p_tenant, p_events, p_at, p_request);
  END IF;
  RETURN answers || trunc(extract(epoch FROM p_at) * 1000)::text;
END $function$;
