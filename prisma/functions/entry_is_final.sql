CREATE OR REPLACE FUNCTION entry_is_final()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION 'entries are never changed or deleted';
END $function$;
