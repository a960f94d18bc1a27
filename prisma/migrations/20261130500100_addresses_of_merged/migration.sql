-- The e-mail address of a customer who was merged belongs to the one they were merged with, unless that one is archived.
CREATE INDEX customer_merged_address ON customer (tenant_id, lower(email COLLATE "C"), id) WHERE merged_into_id IS NOT NULL;

CREATE FUNCTION address_of_merged_customer_is_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM customer m JOIN customer h ON h.tenant_id = m.tenant_id AND h.id = m.merged_into_id
    WHERE m.tenant_id = NEW.tenant_id AND m.merged_into_id IS NOT NULL AND m.merged_into_id <> NEW.id
      AND lower(m.email COLLATE "C") = lower(NEW.email COLLATE "C") AND m.user_id IS NOT DISTINCT FROM NEW.user_id
      AND h.deleted_at IS NULL)
  THEN
    RAISE unique_violation USING CONSTRAINT = 'customer_email_key',
      MESSAGE = 'duplicate key value violates unique constraint "customer_email_key"';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER customer_address_made BEFORE INSERT ON customer FOR EACH ROW
  WHEN (NEW.email IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION address_of_merged_customer_is_taken();
CREATE TRIGGER customer_address_changed BEFORE UPDATE OF email, deleted_at ON customer FOR EACH ROW
  WHEN (NEW.email IS NOT NULL AND NEW.deleted_at IS NULL
    AND (NEW.email IS DISTINCT FROM OLD.email OR OLD.deleted_at IS NOT NULL))
  EXECUTE FUNCTION address_of_merged_customer_is_taken();
