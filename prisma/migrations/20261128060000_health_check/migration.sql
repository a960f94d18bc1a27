-- CreateTable
CREATE TABLE "health_check" (
    "id" SMALLINT NOT NULL,
    "written_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "health_check_pkey" PRIMARY KEY ("id")
);

-- The one row, which every node writes to see whether it can.
INSERT INTO "health_check" ("id", "written_at") VALUES (1, CURRENT_TIMESTAMP);
