-- A bill of a subscription has the item's description and, where it has none itself, the customer of the subscription.
-- Otherwise as before: everything that accounting tells, one row each: a payment when its money first came in, more of its
-- money when that came, what was accepted from the suspense account, a fee that was told later, a refund when it was paid
-- back. What a payment brought stands above zero, what a refund took below. The suspense of a row is what its own posting
-- moved onto the suspense account, or, below zero, off it: no row changes after it was written.
CREATE OR REPLACE VIEW accounting_event AS
SELECT p.tenant_id, p.id, 'PAYMENT' AS kind, CASE p.source WHEN 'SUBSCRIPTION' THEN 'subscription' ELSE 'one_time' END AS type,
       p.settled_at AS at, p.id AS payment_id, p.provider, p.user_id, coalesce(p.customer_id, b.customer_id) AS customer_id, p.product_id, p.description,
       c.item_description,
       p.chain, p.transaction_hash, p.from_address, p.to_address, p.currency,
       (p.amount_minor - coalesce(more.amount, 0))::numeric(38, 0) AS gross_minor,
       coalesce(p.provider_fee_minor, 0) - coalesce(more.provider_fee, 0) AS provider_fee_minor,
       coalesce(p.organization_fee_minor, 0) - coalesce(more.organization_fee, 0) AS organization_fee_minor,
       (p.settled_minor - coalesce(more.settled, 0))::numeric(38, 0) AS settled_minor, p.settled_currency,
       NULL::numeric(38, 0) AS network_fee_minor, NULL::text AS network_fee_currency,
       p.provider_fee_bps, p.organization_fee_bps, p.checkout_id, k.email AS customer_email,
       s.suspense_minor, p.reference, p.metadata, NULL::text COLLATE "C" AS refund_reference, NULL::jsonb AS refund_metadata
FROM payment p
  LEFT JOIN subscription b ON b.tenant_id = p.tenant_id AND b.id = p.subscription_id
  LEFT JOIN checkout c ON c.tenant_id = p.tenant_id AND c.id = coalesce(p.checkout_id, b.checkout_id)
  LEFT JOIN customer k ON k.tenant_id = p.tenant_id AND k.id = coalesce(p.customer_id, b.customer_id)
LEFT JOIN LATERAL (
  SELECT sum(m.amount_minor) FILTER (WHERE m.kind = 'RECEIPT') AS amount, sum(m.provider_fee_minor) AS provider_fee, sum(m.organization_fee_minor) AS organization_fee,
         sum(m.settled_minor) AS settled
  FROM payment_movement m WHERE m.tenant_id = p.tenant_id AND m.payment_id = p.id AND m.kind IN ('RECEIPT', 'FEE')
) more ON true
CROSS JOIN LATERAL (
  SELECT coalesce(sum(e.amount), 0)::numeric(38, 0) AS suspense_minor
  FROM ledger_transaction t JOIN entry e ON e.tenant_id = t.tenant_id AND e.transaction_id = t.id
    JOIN account a ON a.tenant_id = e.tenant_id AND a.id = e.account_id AND a.external_id LIKE 'suspense:%'
  WHERE t.tenant_id = p.tenant_id AND t.cause_id = p.id AND t.recipe IN ('paymentSettled', 'paymentSuspended')
) s
WHERE p.settled_at IS NOT NULL
UNION ALL
SELECT m.tenant_id, m.id, m.name, CASE WHEN m.name = 'ACCEPTANCE' THEN 'acceptance' WHEN m.name = 'FEE' THEN 'fee' WHEN p.source = 'SUBSCRIPTION' THEN 'subscription' ELSE 'one_time' END,
       m.at, p.id, p.provider, p.user_id, coalesce(p.customer_id, b.customer_id) AS customer_id, p.product_id, p.description,
       c.item_description,
       m.chain, m.transaction_hash, m.from_address, m.to_address, p.currency, m.gross_minor, m.provider_fee_minor,
       m.organization_fee_minor, m.settled_minor, p.settled_currency, NULL::numeric(38, 0), NULL,
       m.provider_fee_bps, m.organization_fee_bps, p.checkout_id, k.email, s.suspense_minor,
       p.reference, p.metadata, NULL::text COLLATE "C", NULL::jsonb
FROM (
  SELECT tenant_id, id, payment_id, at, chain, transaction_hash, from_address, to_address, provider_fee_minor, organization_fee_minor,
         provider_fee_bps, organization_fee_bps,
         CASE kind WHEN 'RECEIPT' THEN 'PAYMENT' ELSE kind::text END AS name,
         (CASE kind WHEN 'RECEIPT' THEN amount_minor ELSE 0 END)::numeric(38, 0) AS gross_minor,
         (CASE kind WHEN 'RECEIPT' THEN settled_minor END)::numeric(38, 0) AS settled_minor
  FROM payment_movement
) m JOIN payment p ON p.tenant_id = m.tenant_id AND p.id = m.payment_id
  LEFT JOIN subscription b ON b.tenant_id = p.tenant_id AND b.id = p.subscription_id
  LEFT JOIN checkout c ON c.tenant_id = p.tenant_id AND c.id = coalesce(p.checkout_id, b.checkout_id)
  LEFT JOIN customer k ON k.tenant_id = p.tenant_id AND k.id = coalesce(p.customer_id, b.customer_id)
CROSS JOIN LATERAL (
  SELECT coalesce(sum(e.amount), 0)::numeric(38, 0) AS suspense_minor
  FROM ledger_transaction t JOIN entry e ON e.tenant_id = t.tenant_id AND e.transaction_id = t.id
    JOIN account a ON a.tenant_id = e.tenant_id AND a.id = e.account_id AND a.external_id LIKE 'suspense:%'
  WHERE t.tenant_id = m.tenant_id AND t.cause_id = m.id AND t.recipe IN ('paymentSettled', 'paymentSuspended', 'paymentAccepted', 'feeTold')
) s
UNION ALL
SELECT r.tenant_id, r.id, 'REFUND', 'refund', r.completed_at, r.payment_id, r.provider, r.user_id, coalesce(r.customer_id, b.customer_id), p.product_id, p.description,
       c.item_description,
       r.chain, r.transaction_hash, p.to_address, p.from_address, r.currency, -r.amount_minor, 0, 0,
       -r.settled_minor, r.settled_currency, r.network_fee_minor, r.network_fee_currency,
       0, 0, p.checkout_id, k.email, s.suspense_minor, p.reference, p.metadata, r.reference, r.metadata
FROM refund r JOIN payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id
  LEFT JOIN subscription b ON b.tenant_id = p.tenant_id AND b.id = p.subscription_id
  LEFT JOIN checkout c ON c.tenant_id = p.tenant_id AND c.id = coalesce(p.checkout_id, b.checkout_id)
  LEFT JOIN customer k ON k.tenant_id = r.tenant_id AND k.id = coalesce(r.customer_id, b.customer_id)
CROSS JOIN LATERAL (
  SELECT coalesce(sum(e.amount), 0)::numeric(38, 0) AS suspense_minor
  FROM ledger_transaction t JOIN entry e ON e.tenant_id = t.tenant_id AND e.transaction_id = t.id
    JOIN account a ON a.tenant_id = e.tenant_id AND a.id = e.account_id AND a.external_id LIKE 'suspense:%'
  WHERE t.tenant_id = r.tenant_id AND t.cause_id = r.id AND t.recipe = 'refundCompleted'
) s
WHERE r.completed_at IS NOT NULL;
