CREATE OR REPLACE FUNCTION belongs_to_merged_customer()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
  merged uuid;
BEGIN
  SELECT c.merged_into_id INTO merged FROM customer c
  WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.customer_id FOR KEY SHARE;
  NEW.customer_id := coalesce(merged, NEW.customer_id);
  RETURN NEW;
END
$function$;
