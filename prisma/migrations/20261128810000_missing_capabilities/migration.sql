-- AlterTable
ALTER TABLE "provider_connection" ADD COLUMN     "capabilities_checked_at" TIMESTAMPTZ(6),
ADD COLUMN     "missing_capabilities" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];
