-- AlterTable
ALTER TABLE "refund" ADD COLUMN     "failure_message" TEXT,
ADD COLUMN     "issued" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "retryable" BOOLEAN;
