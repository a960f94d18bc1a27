-- What was begun at a provider under a key and is not known to be done: a repeat does it again under this name, which the
-- provider's simulator does once. Null where nothing is left to do.
ALTER TABLE "idempotency_record" ADD COLUMN     "act_id" UUID;
