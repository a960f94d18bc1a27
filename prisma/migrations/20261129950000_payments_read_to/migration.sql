-- AlterTable
ALTER TABLE "provider_connection" ADD COLUMN     "payments_read_to" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- What was read of the lists so far is not known: each is read from its beginning once.
UPDATE "provider_connection" SET "payments_read_to" = "payments_since";
