-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Mode" AS ENUM ('TEST', 'LIVE');

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('OWNER', 'ADMIN', 'USER');

-- CreateEnum
CREATE TYPE "Provider" AS ENUM ('QBITFLOW', 'QBITPAY', 'QFPAY');

-- CreateEnum
CREATE TYPE "ProductKind" AS ENUM ('ONE_TIME', 'RECURRING');

-- CreateEnum
CREATE TYPE "CheckoutKind" AS ENUM ('PAYMENT', 'SUBSCRIPTION', 'PAY_AS_YOU_GO', 'SETUP');

-- CreateEnum
CREATE TYPE "CheckoutStatus" AS ENUM ('OPENING', 'OPEN', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED', 'UNKNOWN');

-- CreateEnum
CREATE TYPE "TransactionState" AS ENUM ('CREATED', 'PENDING', 'WAITING_CONFIRMATION', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED', 'UNDERPAID', 'OVERPAID', 'PAID_LATE', 'REFUNDED', 'UNKNOWN');

-- CreateEnum
CREATE TYPE "PaymentSource" AS ENUM ('ONE_TIME', 'SUBSCRIPTION');

-- CreateEnum
CREATE TYPE "AccountKind" AS ENUM ('SYSTEM', 'CLIENT');

-- CreateEnum
CREATE TYPE "LedgerTransactionType" AS ENUM ('EXTERNAL', 'INTERNAL');

-- CreateEnum
CREATE TYPE "LedgerTransactionState" AS ENUM ('HELD', 'COMPLETED', 'DECLINED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'ROLLED_BACK');

-- CreateTable
CREATE TABLE "organization" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tenant" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "mode" "Mode" NOT NULL,
    "clock_ahead_ms" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_user" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" "Role" NOT NULL,
    "organization_fee_bps" INTEGER NOT NULL DEFAULT 0,
    "claimed_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "role" "Role" NOT NULL,
    "user_id" UUID,
    "expires_at" TIMESTAMPTZ(6),
    "last_used_at" TIMESTAMPTZ(6),
    "deleted_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "provider_connection" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "base_url" TEXT NOT NULL,
    "credentials" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "provider_connection_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "product" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "reference" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "price_minor" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "kind" "ProductKind" NOT NULL DEFAULT 'ONE_TIME',
    "billing" JSONB,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "user_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "product_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "customer" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "reference" TEXT,
    "name" TEXT NOT NULL,
    "last_name" TEXT,
    "email" TEXT,
    "phone" TEXT,
    "address" JSONB,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "user_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(6),

    CONSTRAINT "customer_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "provider_link" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "entity_kind" TEXT NOT NULL,
    "entity_id" UUID NOT NULL,
    "external_id" TEXT NOT NULL,
    "synced_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "provider_link_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "checkout" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "kind" "CheckoutKind" NOT NULL,
    "status" "CheckoutStatus" NOT NULL DEFAULT 'OPENING',
    "product_id" UUID,
    "item_name" TEXT NOT NULL,
    "item_description" TEXT NOT NULL,
    "price_minor" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "customer_id" UUID,
    "success_url" TEXT,
    "cancel_url" TEXT,
    "webhook_url" TEXT,
    "external_id" TEXT,
    "url" TEXT,
    "reason" TEXT,
    "user_id" UUID,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "next_check_at" TIMESTAMPTZ(6),
    "checks" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "checkout_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "payment" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "status" "TransactionState" NOT NULL,
    "source" "PaymentSource" NOT NULL DEFAULT 'ONE_TIME',
    "amount_minor" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "settled_minor" DECIMAL(38,0),
    "settled_currency" TEXT,
    "provider_fee_minor" DECIMAL(38,0),
    "organization_fee_minor" DECIMAL(38,0),
    "customer_id" UUID,
    "product_id" UUID,
    "checkout_id" UUID,
    "user_id" UUID,
    "description" TEXT NOT NULL,
    "from_address" TEXT,
    "to_address" TEXT,
    "transaction_hash" TEXT,
    "reference" TEXT,
    "external_id" TEXT,
    "message" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "payment_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "account" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "external_id" TEXT,
    "name" TEXT,
    "kind" "AccountKind" NOT NULL,
    "currency" TEXT NOT NULL,
    "overdraft" BOOLEAN NOT NULL DEFAULT false,
    "frozen" BOOLEAN NOT NULL DEFAULT false,
    "balance" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "held" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "entry_count" BIGINT NOT NULL DEFAULT 0,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "account_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "ledger_transaction" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "type" "LedgerTransactionType" NOT NULL,
    "state" "LedgerTransactionState" NOT NULL,
    "recipe" TEXT NOT NULL,
    "account_id" UUID NOT NULL,
    "total" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "refunded" DECIMAL(38,0) NOT NULL DEFAULT 0,
    "parent_id" UUID,
    "destination_id" UUID,
    "converted" DECIMAL(38,0),
    "converted_currency" TEXT,
    "rate" DECIMAL(38,18),
    "cause_kind" TEXT,
    "cause_id" UUID,
    "reference_id" UUID,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "expires_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(6),

    CONSTRAINT "ledger_transaction_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "entry" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "transaction_id" UUID NOT NULL,
    "number" BIGINT NOT NULL,
    "amount" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "balance_after" DECIMAL(38,0) NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "entry_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "event" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "cursor" BIGINT NOT NULL,
    "type" TEXT NOT NULL,
    "entity_kind" TEXT NOT NULL,
    "entity_id" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "topic_id" UUID,
    "payload" JSONB NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "request_id" TEXT,

    CONSTRAINT "event_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "event_counter" (
    "tenant_id" UUID NOT NULL,
    "last" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_counter_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "inbox_message" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "provider" "Provider" NOT NULL,
    "dedupe_key" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "applied_at" TIMESTAMPTZ(6),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(6),
    "error" TEXT,

    CONSTRAINT "inbox_message_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "idempotency_record" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "operation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" BYTEA NOT NULL,
    "subject_id" UUID,
    "problems" JSONB NOT NULL DEFAULT '[]',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "idempotency_record_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "currency" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "exponent" INTEGER NOT NULL,
    "name" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "currency_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "rate" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "from_currency" TEXT NOT NULL,
    "to_currency" TEXT NOT NULL,
    "rate" DECIMAL(38,18) NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rate_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "ledger_seal" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "number" BIGINT NOT NULL,
    "cursor" BIGINT NOT NULL,
    "postings" INTEGER NOT NULL,
    "digests" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_seal_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "tenant_organization_id_mode_key" ON "tenant"("organization_id", "mode");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_tenant_id_email_key" ON "app_user"("tenant_id", "email");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- CreateIndex
CREATE UNIQUE INDEX "provider_connection_tenant_id_provider_key" ON "provider_connection"("tenant_id", "provider");

-- CreateIndex
CREATE INDEX "product_tenant_id_created_at_id_idx" ON "product"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "customer_tenant_id_created_at_id_idx" ON "customer"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "provider_link_tenant_id_provider_entity_id_key" ON "provider_link"("tenant_id", "provider", "entity_id");

-- CreateIndex
CREATE UNIQUE INDEX "provider_link_tenant_id_provider_entity_kind_external_id_key" ON "provider_link"("tenant_id", "provider", "entity_kind", "external_id");

-- CreateIndex
CREATE INDEX "checkout_id_idx" ON "checkout"("id");

-- CreateIndex
CREATE INDEX "checkout_tenant_id_created_at_id_idx" ON "checkout"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "checkout_next_check_at_idx" ON "checkout"("next_check_at");

-- CreateIndex
CREATE UNIQUE INDEX "checkout_tenant_id_provider_external_id_key" ON "checkout"("tenant_id", "provider", "external_id");

-- CreateIndex
CREATE INDEX "payment_id_idx" ON "payment"("id");

-- CreateIndex
CREATE INDEX "payment_tenant_id_created_at_id_idx" ON "payment"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "payment_tenant_id_customer_id_created_at_idx" ON "payment"("tenant_id", "customer_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "payment_tenant_id_checkout_id_key" ON "payment"("tenant_id", "checkout_id");

-- CreateIndex
CREATE UNIQUE INDEX "payment_tenant_id_provider_external_id_key" ON "payment"("tenant_id", "provider", "external_id");

-- CreateIndex
CREATE INDEX "account_tenant_id_created_at_id_idx" ON "account"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "account_tenant_id_external_id_key" ON "account"("tenant_id", "external_id");

-- CreateIndex
CREATE INDEX "entry_tenant_id_transaction_id_idx" ON "entry"("tenant_id", "transaction_id");

-- CreateIndex
CREATE UNIQUE INDEX "entry_tenant_id_account_id_number_key" ON "entry"("tenant_id", "account_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "event_tenant_id_cursor_key" ON "event"("tenant_id", "cursor");

-- CreateIndex
CREATE UNIQUE INDEX "event_tenant_id_entity_id_sequence_key" ON "event"("tenant_id", "entity_id", "sequence");

-- CreateIndex
CREATE INDEX "inbox_message_next_attempt_at_idx" ON "inbox_message"("next_attempt_at");

-- CreateIndex
CREATE UNIQUE INDEX "inbox_message_tenant_id_provider_dedupe_key_key" ON "inbox_message"("tenant_id", "provider", "dedupe_key");

-- CreateIndex
CREATE INDEX "idempotency_record_expires_at_idx" ON "idempotency_record"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "idempotency_record_tenant_id_operation_key_key" ON "idempotency_record"("tenant_id", "operation", "key");

-- CreateIndex
CREATE UNIQUE INDEX "currency_tenant_id_code_key" ON "currency"("tenant_id", "code");

-- CreateIndex
CREATE INDEX "rate_tenant_id_from_currency_to_currency_id_idx" ON "rate"("tenant_id", "from_currency", "to_currency", "id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_seal_tenant_id_number_key" ON "ledger_seal"("tenant_id", "number");

-- AddForeignKey
ALTER TABLE "tenant" ADD CONSTRAINT "tenant_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "app_user" ADD CONSTRAINT "app_user_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "provider_connection" ADD CONSTRAINT "provider_connection_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "product" ADD CONSTRAINT "product_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "product" ADD CONSTRAINT "product_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "provider_link" ADD CONSTRAINT "provider_link_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkout" ADD CONSTRAINT "checkout_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkout" ADD CONSTRAINT "checkout_tenant_id_product_id_fkey" FOREIGN KEY ("tenant_id", "product_id") REFERENCES "product"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkout" ADD CONSTRAINT "checkout_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "customer"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "checkout" ADD CONSTRAINT "checkout_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_tenant_id_customer_id_fkey" FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "customer"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_tenant_id_product_id_fkey" FOREIGN KEY ("tenant_id", "product_id") REFERENCES "product"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_tenant_id_checkout_id_fkey" FOREIGN KEY ("tenant_id", "checkout_id") REFERENCES "checkout"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment" ADD CONSTRAINT "payment_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_transaction" ADD CONSTRAINT "ledger_transaction_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "account"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_transaction" ADD CONSTRAINT "ledger_transaction_tenant_id_destination_id_fkey" FOREIGN KEY ("tenant_id", "destination_id") REFERENCES "account"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_transaction" ADD CONSTRAINT "ledger_transaction_tenant_id_reference_id_fkey" FOREIGN KEY ("tenant_id", "reference_id") REFERENCES "ledger_transaction"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "entry" ADD CONSTRAINT "entry_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "account"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "entry" ADD CONSTRAINT "entry_tenant_id_transaction_id_fkey" FOREIGN KEY ("tenant_id", "transaction_id") REFERENCES "ledger_transaction"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_counter" ADD CONSTRAINT "event_counter_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inbox_message" ADD CONSTRAINT "inbox_message_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "currency" ADD CONSTRAINT "currency_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "rate" ADD CONSTRAINT "rate_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_seal" ADD CONSTRAINT "ledger_seal_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


