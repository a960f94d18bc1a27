CREATE OR REPLACE FUNCTION address_of_merged_customer_is_taken()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;
