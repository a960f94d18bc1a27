-- CreateEnum
CREATE TYPE "DurationUnit" AS ENUM ('SECONDS', 'MINUTES', 'HOURS', 'DAYS', 'WEEKS', 'MONTHS', 'YEARS');

-- CreateEnum
CREATE TYPE "BillingUsage" AS ENUM ('LICENSED', 'METERED');

-- CreateEnum
CREATE TYPE "SubscriptionStatus" AS ENUM ('INCOMPLETE', 'TRIAL', 'TRIAL_EXPIRED', 'ACTIVE', 'LOW_ON_FUNDS', 'PENDING', 'PAST_DUE', 'UNPAID', 'CANCELLED', 'COMPLETED');

-- CreateEnum
CREATE TYPE "BillingTrigger" AS ENUM ('AUTO', 'MANUAL');

-- CreateEnum
CREATE TYPE "BillingStatus" AS ENUM ('PENDING', 'COMPLETED', 'FAILED');

-- CreateEnum
CREATE TYPE "UsageReportState" AS ENUM ('QUEUED', 'SENT', 'CONFIRMED', 'REFUSED', 'UNKNOWN');

-- AlterTable
ALTER TABLE "checkout" ADD COLUMN     "free_credits_minor" DECIMAL(38,0),
ADD COLUMN     "frequency_unit" "DurationUnit",
ADD COLUMN     "frequency_value" INTEGER,
ADD COLUMN     "min_periods" INTEGER,
ADD COLUMN     "start_state" "TransactionState",
ADD COLUMN     "trial_unit" "DurationUnit",
ADD COLUMN     "trial_value" INTEGER;

-- AlterTable
ALTER TABLE "payment" ADD COLUMN     "billing_id" UUID,
ADD COLUMN     "subscription_id" UUID;

-- CreateTable
CREATE TABLE "subscription" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "status" "SubscriptionStatus" NOT NULL,
    "usage" "BillingUsage" NOT NULL DEFAULT 'LICENSED',
    "checkout_id" UUID,
    "customer_id" UUID,
    "product_id" UUID,
    "user_id" UUID,
    "description" TEXT NOT NULL,
    "price_minor" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "frequency_value" INTEGER NOT NULL,
    "frequency_unit" "DurationUnit" NOT NULL,
    "trial_ends_at" TIMESTAMPTZ(6),
    "min_periods" INTEGER,
    "minimum_cancellation_at" TIMESTAMPTZ(6),
    "total_billing_cycles" INTEGER,
    "completed_cycles" INTEGER NOT NULL DEFAULT 0,
    "retry_attempts" INTEGER NOT NULL DEFAULT 0,
    "allowance_minor" DECIMAL(38,0),
    "units_millionths" DECIMAL(38,0),
    "free_credits_minor" DECIMAL(38,0),
    "max_spending_minor" DECIMAL(38,0),
    "stopped" BOOLEAN NOT NULL DEFAULT false,
    "last_billing_at" TIMESTAMPTZ(6),
    "next_billing_at" TIMESTAMPTZ(6),
    "external_id" TEXT,
    "external_updated_at" TIMESTAMPTZ(6),
    "management_url" TEXT,
    "cancel_requested_at" TIMESTAMPTZ(6),
    "next_check_at" TIMESTAMPTZ(6),
    "checks" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "cancelled_at" TIMESTAMPTZ(6),

    CONSTRAINT "subscription_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "billing" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "subscription_id" UUID NOT NULL,
    "user_id" UUID,
    "sequence" INTEGER NOT NULL,
    "trigger" "BillingTrigger" NOT NULL DEFAULT 'AUTO',
    "status" "BillingStatus" NOT NULL,
    "amount_minor" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "external_id" TEXT,
    "billed_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "billing_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "usage_report" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "subscription_id" UUID NOT NULL,
    "units_millionths" DECIMAL(38,0) NOT NULL,
    "state" "UsageReportState" NOT NULL DEFAULT 'QUEUED',
    "counted_millionths" DECIMAL(38,0),
    "counted_since" TIMESTAMPTZ(6),
    "next_attempt_at" TIMESTAMPTZ(6),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "reason" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_report_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE INDEX "subscription_id_idx" ON "subscription"("id");

-- CreateIndex
CREATE INDEX "subscription_tenant_id_created_at_id_idx" ON "subscription"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "subscription_tenant_id_customer_id_created_at_idx" ON "subscription"("tenant_id", "customer_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "subscription_tenant_id_checkout_id_key" ON "subscription"("tenant_id", "checkout_id");

-- CreateIndex
CREATE UNIQUE INDEX "subscription_tenant_id_provider_external_id_key" ON "subscription"("tenant_id", "provider", "external_id");

-- CreateIndex
CREATE INDEX "billing_id_idx" ON "billing"("id");

-- CreateIndex
CREATE UNIQUE INDEX "billing_tenant_id_provider_external_id_key" ON "billing"("tenant_id", "provider", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "billing_tenant_id_subscription_id_sequence_key" ON "billing"("tenant_id", "subscription_id", "sequence");

-- CreateIndex
CREATE INDEX "usage_report_tenant_id_subscription_id_id_idx" ON "usage_report"("tenant_id", "subscription_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "payment_tenant_id_billing_id_key" ON "payment"("tenant_id", "billing_id");

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_tenant_id_subscription_id_fkey" FOREIGN KEY ("tenant_id", "subscription_id") REFERENCES "subscription"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_tenant_id_billing_id_fkey" FOREIGN KEY ("tenant_id", "billing_id") REFERENCES "billing"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_checkout_id_fkey" FOREIGN KEY ("tenant_id", "checkout_id") REFERENCES "checkout"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "customer"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_product_id_fkey" FOREIGN KEY ("tenant_id", "product_id") REFERENCES "product"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subscription" ADD CONSTRAINT "subscription_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "billing" ADD CONSTRAINT "billing_tenant_id_subscription_id_fkey" FOREIGN KEY ("tenant_id", "subscription_id") REFERENCES "subscription"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_report" ADD CONSTRAINT "usage_report_tenant_id_subscription_id_fkey" FOREIGN KEY ("tenant_id", "subscription_id") REFERENCES "subscription"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;


-- What is due, and what a subscription's pages list.
CREATE INDEX subscription_next_check ON subscription (next_check_at) WHERE next_check_at IS NOT NULL;
CREATE INDEX payment_subscription ON payment (tenant_id, subscription_id, created_at) WHERE subscription_id IS NOT NULL;
CREATE INDEX usage_report_next_attempt ON usage_report (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- A subscription has one bill at a time that is still to be paid, and one report on its way.
CREATE UNIQUE INDEX billing_open_key ON billing (tenant_id, subscription_id) WHERE status <> 'COMPLETED';
CREATE UNIQUE INDEX usage_report_sent_key ON usage_report (tenant_id, subscription_id) WHERE state = 'SENT';
