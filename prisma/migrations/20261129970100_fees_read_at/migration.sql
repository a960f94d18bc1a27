-- AlterTable
ALTER TABLE "provider_connection" ADD COLUMN     "fees_read_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- The payments whose fees are waited for are few.
CREATE INDEX payment_without_fee ON payment (tenant_id, provider, settled_at) WHERE provider_fee_minor IS NULL AND settled_at IS NOT NULL;
