-- AlterTable
ALTER TABLE "inbox_message" ADD COLUMN     "leased_until" TIMESTAMPTZ(6),
ADD COLUMN     "object" TEXT;

-- AlterTable
ALTER TABLE "checkout" ADD COLUMN     "leased_until" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "subscription" ADD COLUMN     "leased_until" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "refund" ADD COLUMN     "leased_until" TIMESTAMPTZ(6);

-- What is being worked on, and what was left behind by a node that died: few rows at any time.
CREATE INDEX inbox_message_leased ON inbox_message (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX checkout_leased ON checkout (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX subscription_leased ON subscription (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX refund_leased ON refund (leased_until) WHERE leased_until IS NOT NULL;

-- What waits about one object, so that it is applied one after the other.
CREATE INDEX inbox_message_object ON inbox_message (tenant_id, provider, object, received_at) WHERE next_attempt_at IS NOT NULL;
