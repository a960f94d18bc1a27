-- AlterTable
ALTER TABLE "provider_connection" ADD COLUMN     "payments_leased_until" TIMESTAMPTZ(6),
ADD COLUMN     "refunds_leased_until" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "usage_report" ADD COLUMN     "leased_until" TIMESTAMPTZ(6);

-- What is being worked on, and what was left behind by a node that died: few rows at any time.
CREATE INDEX provider_connection_payments_leased ON provider_connection (payments_leased_until) WHERE payments_leased_until IS NOT NULL;
CREATE INDEX provider_connection_refunds_leased ON provider_connection (refunds_leased_until) WHERE refunds_leased_until IS NOT NULL;
CREATE INDEX usage_report_leased ON usage_report (leased_until) WHERE leased_until IS NOT NULL;

-- What is due for a tenant whose clock was turned ahead.
CREATE INDEX checkout_tenant_next_check ON checkout (tenant_id, next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX subscription_tenant_next_check ON subscription (tenant_id, next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX refund_tenant_next_check ON refund (tenant_id, next_check_at) WHERE next_check_at IS NOT NULL;

-- The pages that somebody may still pay, of a connection whose payments are to be read.
CREATE INDEX checkout_payable ON checkout (tenant_id, provider, created_at) WHERE status IN ('OPEN', 'PROCESSING');
