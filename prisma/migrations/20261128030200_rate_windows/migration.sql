-- Answers that nothing has changed are counted apart from the requests: so many are free.
ALTER TABLE "rate_window" ADD COLUMN     "unchanged" BOOLEAN NOT NULL DEFAULT false,
DROP CONSTRAINT "rate_window_pkey",
ADD CONSTRAINT "rate_window_pkey" PRIMARY KEY ("tenant_id", "id", "unchanged");
