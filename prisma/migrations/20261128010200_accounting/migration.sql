-- The fees of a payment as rates, which the amounts in whole cents do not tell; null where the provider did not say.
ALTER TABLE "payment" ADD COLUMN "provider_fee_bps" INTEGER, ADD COLUMN "organization_fee_bps" INTEGER;

-- What accounting tells of each payment and refund, with whose they are and the checkout that a shop knows them by.
CREATE OR REPLACE VIEW accounting_event AS
SELECT p.tenant_id, p.id, 'PAYMENT' AS kind, CASE p.source WHEN 'SUBSCRIPTION' THEN 'subscription' ELSE 'one_time' END AS type,
       p.settled_at AS at, p.id AS payment_id, p.provider, p.user_id, p.customer_id, p.product_id, p.description,
       (SELECT c.item_description FROM checkout c WHERE c.tenant_id = p.tenant_id AND c.id = p.checkout_id) AS item_description,
       p.chain, p.transaction_hash, p.from_address, p.to_address, p.currency, p.amount_minor AS gross_minor,
       coalesce(p.provider_fee_minor, 0) AS provider_fee_minor, coalesce(p.organization_fee_minor, 0) AS organization_fee_minor,
       p.settled_minor, p.settled_currency, NULL::numeric(38, 0) AS network_fee_minor, NULL::text AS network_fee_currency,
       p.provider_fee_bps, p.organization_fee_bps, p.checkout_id, k.email AS customer_email
FROM payment p LEFT JOIN customer k ON k.tenant_id = p.tenant_id AND k.id = p.customer_id
WHERE p.settled_at IS NOT NULL
UNION ALL
SELECT r.tenant_id, r.id, 'REFUND', 'refund', r.completed_at, r.payment_id, r.provider, r.user_id, r.customer_id, p.product_id, p.description,
       (SELECT c.item_description FROM checkout c WHERE c.tenant_id = p.tenant_id AND c.id = p.checkout_id),
       r.chain, r.transaction_hash, p.to_address, p.from_address, r.currency, -r.amount_minor, 0, 0,
       -r.settled_minor, r.settled_currency, r.network_fee_minor, r.network_fee_currency,
       0, 0, p.checkout_id, k.email
FROM refund r JOIN payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id
  LEFT JOIN customer k ON k.tenant_id = r.tenant_id AND k.id = r.customer_id
WHERE r.completed_at IS NOT NULL;
