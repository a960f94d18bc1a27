CREATE OR REPLACE FUNCTION entries_balance()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF EXISTS (SELECT 1 FROM added GROUP BY transaction_id, currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'entries of a transaction must sum to zero per currency';
  END IF;
  RETURN NULL;
END $function$;
