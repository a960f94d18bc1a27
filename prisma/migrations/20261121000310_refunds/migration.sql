-- CreateEnum
CREATE TYPE "RefundStatus" AS ENUM ('PENDING', 'APPROVED', 'PROCESSING', 'COMPLETED', 'REFUSED', 'FAILED', 'UNKNOWN');

-- CreateEnum
CREATE TYPE "RefundAnswer" AS ENUM ('APPROVE', 'REFUSE');

-- AlterTable
ALTER TABLE "payment" ADD COLUMN     "chain" JSONB,
ADD COLUMN     "refunded_minor" DECIMAL(38,0) NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "provider_connection" ADD COLUMN     "refunds_checked_next_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- CreateTable
CREATE TABLE "refund" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "payment_id" UUID NOT NULL,
    "status" "RefundStatus" NOT NULL,
    "amount_minor" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "settled_minor" DECIMAL(38,0),
    "settled_currency" TEXT,
    "network_fee_minor" DECIMAL(38,0),
    "network_fee_currency" TEXT,
    "customer_id" UUID,
    "user_id" UUID,
    "reason" TEXT,
    "answer" "RefundAnswer",
    "merchant_message" TEXT,
    "transaction_hash" TEXT,
    "chain" JSONB,
    "external_id" TEXT NOT NULL,
    "next_check_at" TIMESTAMPTZ(6),
    "checks" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "responded_at" TIMESTAMPTZ(6),
    "completed_at" TIMESTAMPTZ(6),

    CONSTRAINT "refund_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE INDEX "refund_id_idx" ON "refund"("id");

-- CreateIndex
CREATE INDEX "refund_tenant_id_created_at_id_idx" ON "refund"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "refund_tenant_id_payment_id_idx" ON "refund"("tenant_id", "payment_id");

-- CreateIndex
CREATE INDEX "refund_next_check_at_idx" ON "refund"("next_check_at");

-- CreateIndex
CREATE UNIQUE INDEX "refund_tenant_id_provider_external_id_key" ON "refund"("tenant_id", "provider", "external_id");

-- CreateIndex
CREATE INDEX "provider_connection_refunds_checked_next_at_idx" ON "provider_connection"("refunds_checked_next_at");

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_tenant_id_payment_id_fkey" FOREIGN KEY ("tenant_id", "payment_id") REFERENCES "payment"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "customer"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund" ADD CONSTRAINT "refund_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- Everything that accounting tells, one row each: a payment when its money was certain, a refund when it was paid back.
-- What a payment brought stands above zero, what a refund took below.
CREATE VIEW accounting_event AS
SELECT p.tenant_id, p.id, 'PAYMENT' AS kind, CASE p.source WHEN 'SUBSCRIPTION' THEN 'subscription' ELSE 'one_time' END AS type,
       p.settled_at AS at, p.id AS payment_id, p.provider, p.user_id, p.customer_id, p.product_id, p.description,
       (SELECT c.item_description FROM checkout c WHERE c.tenant_id = p.tenant_id AND c.id = p.checkout_id) AS item_description,
       p.chain, p.transaction_hash, p.from_address, p.to_address, p.currency, p.amount_minor AS gross_minor,
       coalesce(p.provider_fee_minor, 0) AS provider_fee_minor, coalesce(p.organization_fee_minor, 0) AS organization_fee_minor,
       p.settled_minor, p.settled_currency, NULL::numeric(38, 0) AS network_fee_minor, NULL::text AS network_fee_currency
FROM payment p
WHERE p.settled_at IS NOT NULL
UNION ALL
SELECT r.tenant_id, r.id, 'REFUND', 'refund', r.completed_at, r.payment_id, r.provider, r.user_id, r.customer_id, p.product_id, p.description,
       (SELECT c.item_description FROM checkout c WHERE c.tenant_id = p.tenant_id AND c.id = p.checkout_id),
       r.chain, r.transaction_hash, p.to_address, p.from_address, r.currency, -r.amount_minor, 0, 0,
       -r.settled_minor, r.settled_currency, r.network_fee_minor, r.network_fee_currency
FROM refund r JOIN payment p ON p.tenant_id = r.tenant_id AND p.id = r.payment_id
WHERE r.completed_at IS NOT NULL;

CREATE INDEX payment_settled ON payment (tenant_id, settled_at, id) WHERE settled_at IS NOT NULL;
CREATE INDEX refund_completed ON refund (tenant_id, completed_at, id) WHERE completed_at IS NOT NULL;
