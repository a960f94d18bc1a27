-- More of what is known of a customer. The name is empty where none is known, so that every customer has a place in the order
-- by name. A phone number that was kept before stays as it was written.
ALTER TABLE customer ALTER COLUMN name SET DEFAULT '',
  ADD COLUMN language TEXT,
  ADD COLUMN tax_id TEXT,
  ADD COLUMN tax_id_country TEXT,
  -- The customer with whom this one was merged, who has what this one had. It is never one who was merged too. Not a foreign
  -- key: the rows of a tenant are removed in pages.
  ADD COLUMN merged_into_id UUID;

CREATE INDEX customer_merged_into ON customer (tenant_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX checkout_customer ON checkout (tenant_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX refund_customer ON refund (tenant_id, customer_id) WHERE customer_id IS NOT NULL;

-- Whatever is written for a customer who was merged meanwhile belongs to the one they were merged with. The customer is locked
-- as by the foreign key, so that a merge at the same moment is waited for, and its outcome is read.
CREATE FUNCTION belongs_to_merged_customer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  merged uuid;
BEGIN
  SELECT c.merged_into_id INTO merged FROM customer c
  WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.customer_id FOR KEY SHARE;
  NEW.customer_id := coalesce(merged, NEW.customer_id);
  RETURN NEW;
END
$$;

CREATE TRIGGER checkout_customer_made BEFORE INSERT ON checkout FOR EACH ROW
  WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION belongs_to_merged_customer();
CREATE TRIGGER checkout_customer_changed BEFORE UPDATE OF customer_id ON checkout FOR EACH ROW
  WHEN (NEW.customer_id IS DISTINCT FROM OLD.customer_id AND NEW.customer_id IS NOT NULL) EXECUTE FUNCTION belongs_to_merged_customer();
CREATE TRIGGER payment_customer_made BEFORE INSERT ON payment FOR EACH ROW
  WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION belongs_to_merged_customer();
CREATE TRIGGER payment_customer_changed BEFORE UPDATE OF customer_id ON payment FOR EACH ROW
  WHEN (NEW.customer_id IS DISTINCT FROM OLD.customer_id AND NEW.customer_id IS NOT NULL) EXECUTE FUNCTION belongs_to_merged_customer();
CREATE TRIGGER subscription_customer_made BEFORE INSERT ON subscription FOR EACH ROW
  WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION belongs_to_merged_customer();
CREATE TRIGGER subscription_customer_changed BEFORE UPDATE OF customer_id ON subscription FOR EACH ROW
  WHEN (NEW.customer_id IS DISTINCT FROM OLD.customer_id AND NEW.customer_id IS NOT NULL) EXECUTE FUNCTION belongs_to_merged_customer();
CREATE TRIGGER refund_customer_made BEFORE INSERT ON refund FOR EACH ROW
  WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION belongs_to_merged_customer();
