-- What nothing ever wrote goes. When a provider was last asked what came in is kept, and how long ago tells when to ask again.
-- DropIndex
DROP INDEX "provider_connection_payments_checked_next_at_idx";

-- AlterTable
ALTER TABLE "payment" DROP COLUMN "reference";

-- AlterTable
ALTER TABLE "product" DROP COLUMN "billing",
DROP COLUMN "kind";

-- AlterTable
ALTER TABLE "provider_connection" DROP COLUMN "payments_checked_next_at",
ADD COLUMN     "payments_checked_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "subscription" DROP COLUMN "retry_attempts",
DROP COLUMN "total_billing_cycles";

-- DropEnum
DROP TYPE "ProductKind";

-- CreateIndex
CREATE INDEX "provider_connection_payments_checked_at_idx" ON "provider_connection"("payments_checked_at");


