-- CreateEnum
CREATE TYPE "MovementKind" AS ENUM ('RECEIPT', 'ACCEPTANCE');

-- AlterTable
ALTER TABLE "payment" ADD COLUMN     "suspense_minor" DECIMAL(38,0) NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "provider_connection" ADD COLUMN     "payments_checked_next_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "payments_since" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "refund" ADD COLUMN     "recorded" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "payment_movement" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "payment_id" UUID NOT NULL,
    "kind" "MovementKind" NOT NULL,
    "amount_minor" DECIMAL(38,0) NOT NULL,
    "provider_fee_minor" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "organization_fee_minor" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "settled_minor" DECIMAL(38,0),
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "payment_movement_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE INDEX "payment_movement_payment_id_idx" ON "payment_movement"("payment_id");

-- CreateIndex
CREATE INDEX "provider_connection_payments_checked_next_at_idx" ON "provider_connection"("payments_checked_next_at");

-- AddForeignKey
ALTER TABLE "payment_movement" ADD CONSTRAINT "payment_movement_tenant_id_payment_id_fkey" FOREIGN KEY ("tenant_id", "payment_id") REFERENCES "payment"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;



-- What waits for a person: money that came in and is neither accepted nor given back.
CREATE INDEX payment_in_suspense ON payment (tenant_id) WHERE suspense_minor > 0;

-- Everything that accounting tells, one row each: a payment when its money first came in, more of its money when that
-- came, a refund when it was paid back. What a payment brought stands above zero, what a refund took below.
CREATE OR REPLACE VIEW accounting_event AS
SELECT p.tenant_id, p.id, 'PAYMENT' AS kind, CASE p.source WHEN 'SUBSCRIPTION' THEN 'subscription' ELSE 'one_time' END AS type,
       p.settled_at AS at, p.id AS payment_id, p.provider, p.user_id, p.customer_id, p.product_id, p.description,
       (SELECT c.item_description FROM checkout c WHERE c.tenant_id = p.tenant_id AND c.id = p.checkout_id) AS item_description,
       p.chain, p.transaction_hash, p.from_address, p.to_address, p.currency,
       (p.amount_minor - coalesce(more.amount, 0))::numeric(38, 0) AS gross_minor,
       coalesce(p.provider_fee_minor, 0) - coalesce(more.provider_fee, 0) AS provider_fee_minor,
       coalesce(p.organization_fee_minor, 0) - coalesce(more.organization_fee, 0) AS organization_fee_minor,
       (p.settled_minor - coalesce(more.settled, 0))::numeric(38, 0) AS settled_minor, p.settled_currency,
       NULL::numeric(38, 0) AS network_fee_minor, NULL::text AS network_fee_currency,
       p.provider_fee_bps, p.organization_fee_bps, p.checkout_id, k.email AS customer_email
FROM payment p LEFT JOIN customer k ON k.tenant_id = p.tenant_id AND k.id = p.customer_id
LEFT JOIN LATERAL (
  SELECT sum(m.amount_minor) AS amount, sum(m.provider_fee_minor) AS provider_fee, sum(m.organization_fee_minor) AS organization_fee,
         sum(m.settled_minor) AS settled
  FROM payment_movement m WHERE m.tenant_id = p.tenant_id AND m.payment_id = p.id AND m.kind = 'RECEIPT'
) more ON true
WHERE p.settled_at IS NOT NULL
UNION ALL
SELECT m.tenant_id, m.id, 'PAYMENT', CASE p.source WHEN 'SUBSCRIPTION' THEN 'subscription' ELSE 'one_time' END,
       m.at, p.id, p.provider, p.user_id, p.customer_id, p.product_id, p.description,
       (SELECT c.item_description FROM checkout c WHERE c.tenant_id = p.tenant_id AND c.id = p.checkout_id),
       p.chain, p.transaction_hash, p.from_address, p.to_address, p.currency, m.amount_minor, m.provider_fee_minor,
       m.organization_fee_minor, m.settled_minor, p.settled_currency, NULL::numeric(38, 0), NULL,
       p.provider_fee_bps, p.organization_fee_bps, p.checkout_id, k.email
FROM payment_movement m JOIN payment p ON p.tenant_id = m.tenant_id AND p.id = m.payment_id
  LEFT JOIN customer k ON k.tenant_id = p.tenant_id AND k.id = p.customer_id
WHERE m.kind = 'RECEIPT'
UNION ALL
SELECT r.tenant_id, r.id, 'REFUND', 'refund', r.completed_at, r.payment_id, r.provider, r.user_id, r.customer_id, p.product_id, p.description,
       (SELECT c.item_description FROM checkout c WHERE c.tenant_id = p.tenant_id AND c.id = p.checkout_id),
       r.chain, r.transaction_hash, p.to_address, p.from_address, r.currency, -r.amount_minor, 0, 0,
       -r.settled_minor, r.settled_currency, r.network_fee_minor, r.network_fee_currency,
       0, 0, p.checkout_id, k.email
FROM refund r JOIN payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id
  LEFT JOIN customer k ON k.tenant_id = r.tenant_id AND k.id = r.customer_id
WHERE r.completed_at IS NOT NULL;
