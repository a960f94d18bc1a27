-- CreateTable
CREATE TABLE "data_key" (
    "id" SMALLINT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "sealed_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "data_key_pkey" PRIMARY KEY ("id")
);
