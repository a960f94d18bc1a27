-- AlterTable
ALTER TABLE "tenant" ADD COLUMN     "clock_leased_until" TIMESTAMPTZ(6),
ADD COLUMN     "clock_target_at" TIMESTAMPTZ(6);

-- Test clocks that are on their way.
CREATE INDEX tenant_clock_target ON tenant (clock_target_at) WHERE clock_target_at IS NOT NULL;
