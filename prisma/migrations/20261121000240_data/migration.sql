-- A tenant's data as a whole: how it is removed, and what of it is counted for people.

ALTER TABLE "tenant" ADD COLUMN     "removed_at" TIMESTAMPTZ(6),
ADD COLUMN     "seal_salt" BYTEA NOT NULL DEFAULT sha256((uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

-- Of a transaction's own data a salted hash is sealed, so that the data can be removed and the chain still holds. The
-- chains begin anew.
DELETE FROM ledger_seal;

CREATE INDEX checkout_unfinished ON checkout (tenant_id, status, updated_at)
  WHERE status IN ('OPENING', 'OPEN', 'PROCESSING', 'UNKNOWN');
CREATE INDEX inbox_message_waiting ON inbox_message (tenant_id, next_attempt_at) WHERE applied_at IS NULL;
CREATE INDEX webhook_delivery_failed ON webhook_delivery (tenant_id) WHERE status = 'FAILED';
