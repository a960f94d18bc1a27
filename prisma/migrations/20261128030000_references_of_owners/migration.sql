-- A reference and an e-mail address are unique among what one seller has, or among the organization's own: no seller
-- learns what another has. The owner comes last, so that managers find a value by the same index.
DROP INDEX product_reference_key;
DROP INDEX customer_reference_key;
DROP INDEX customer_email_key;

CREATE UNIQUE INDEX product_reference_key ON product (tenant_id, reference, user_id) NULLS NOT DISTINCT
  WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customer_reference_key ON customer (tenant_id, reference, user_id) NULLS NOT DISTINCT
  WHERE deleted_at IS NULL AND reference IS NOT NULL;
CREATE UNIQUE INDEX customer_email_key ON customer (tenant_id, lower(email), user_id) NULLS NOT DISTINCT
  WHERE deleted_at IS NULL AND email IS NOT NULL;
