-- A checkout whose page can no longer be paid is opened anew on another page. Money may still come over those that it had.
ALTER TABLE checkout ADD COLUMN session integer NOT NULL DEFAULT 1;
-- How long the merchant wants the page to be open; null where that is left to the provider.
ALTER TABLE checkout ADD COLUMN expires_in_seconds integer;

CREATE TABLE "checkout_session" (
    "tenant_id" UUID NOT NULL,
    "checkout_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "provider" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,

    CONSTRAINT "checkout_session_pkey" PRIMARY KEY ("tenant_id","checkout_id","number")
);

CREATE UNIQUE INDEX "checkout_session_tenant_id_provider_external_id_key" ON "checkout_session"("tenant_id", "provider", "external_id");

ALTER TABLE "checkout_session" ADD CONSTRAINT "checkout_session_tenant_id_checkout_id_fkey" FOREIGN KEY ("tenant_id", "checkout_id") REFERENCES "checkout"("tenant_id", "id") ON DELETE NO ACTION ON UPDATE CASCADE;
