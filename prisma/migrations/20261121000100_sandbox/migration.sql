-- The simulators' own state: the providers' servers, played. Nothing here refers to the gateway's tables, as nothing
-- on a provider's server would. A realm (one account world with a provider) is named by tenant_id.

-- Numbers are given out over all realms, as a provider does, so that a foreign number is never a valid one by accident.
CREATE SEQUENCE "sandbox_number" START 1000;

CREATE TABLE "sandbox_document" (
    "tenant_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "position" BIGINT NOT NULL DEFAULT nextval('sandbox_number'),
    "removed" BOOLEAN NOT NULL DEFAULT false,
    "body" JSONB NOT NULL,

    CONSTRAINT "sandbox_document_pkey" PRIMARY KEY ("tenant_id", "provider", "kind", "id")
);

CREATE UNIQUE INDEX "sandbox_document_position" ON "sandbox_document"("tenant_id", "provider", "kind", "position" DESC);

-- Public pages and routes know an id and no realm.
CREATE INDEX "sandbox_document_anywhere" ON "sandbox_document"("provider", "kind", "id");

CREATE TABLE "sandbox_unique" (
    "tenant_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "id" TEXT NOT NULL,

    CONSTRAINT "sandbox_unique_pkey" PRIMARY KEY ("tenant_id", "provider", "kind", "name", "value")
);

CREATE INDEX "sandbox_unique_owner" ON "sandbox_unique"("tenant_id", "provider", "kind", "id");

CREATE TABLE "sandbox_task" (
    "tenant_id" UUID NOT NULL,
    "id" BIGINT NOT NULL DEFAULT nextval('sandbox_number'),
    "provider" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "leased_until" TIMESTAMPTZ(3),

    CONSTRAINT "sandbox_task_pkey" PRIMARY KEY ("tenant_id", "id")
);

CREATE INDEX "sandbox_task_due" ON "sandbox_task"("provider", "tenant_id", "due_at", "id");

CREATE INDEX "sandbox_task_subject" ON "sandbox_task"("tenant_id", "provider", "subject");
