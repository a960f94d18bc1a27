-- AlterTable
ALTER TABLE "app_user" ADD COLUMN     "claim_funds_next_at" TIMESTAMPTZ(6),
ADD COLUMN     "deleted_at" TIMESTAMPTZ(6),
ADD COLUMN     "password_hash" TEXT,
ADD COLUMN     "payout_address" TEXT;

-- CreateTable
CREATE TABLE "claim_request" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "claim_request_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "claim_funds" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "owed_minor" DECIMAL(38,0) NOT NULL,
    "currency" TEXT NOT NULL,
    "funded" BOOLEAN NOT NULL DEFAULT false,
    "funded_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "claim_funds_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE INDEX "claim_request_id_idx" ON "claim_request"("id");

-- CreateIndex
CREATE UNIQUE INDEX "claim_request_tenant_id_user_id_key" ON "claim_request"("tenant_id", "user_id");

-- CreateIndex
CREATE INDEX "claim_funds_id_idx" ON "claim_funds"("id");

-- CreateIndex
CREATE INDEX "claim_funds_tenant_id_created_at_id_idx" ON "claim_funds"("tenant_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "claim_funds_tenant_id_user_id_idx" ON "claim_funds"("tenant_id", "user_id");

-- CreateIndex
CREATE INDEX "app_user_tenant_id_created_at_id_idx" ON "app_user"("tenant_id", "created_at", "id");

-- AddForeignKey
ALTER TABLE "claim_request" ADD CONSTRAINT "claim_request_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_request" ADD CONSTRAINT "claim_request_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_funds" ADD CONSTRAINT "claim_funds_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenant"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "claim_funds" ADD CONSTRAINT "claim_funds_tenant_id_user_id_fkey" FOREIGN KEY ("tenant_id", "user_id") REFERENCES "app_user"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;

-- DropIndex
DROP INDEX "app_user_tenant_id_email_key";

-- Somebody who was deleted gives the address up.
CREATE UNIQUE INDEX app_user_email_key ON app_user (tenant_id, lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX app_user_claim_funds_next ON app_user (claim_funds_next_at) WHERE claim_funds_next_at IS NOT NULL;
CREATE INDEX api_key_user ON api_key (tenant_id, user_id) WHERE deleted_at IS NULL;
