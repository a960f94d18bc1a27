CREATE OR REPLACE FUNCTION ledger_booked(p_event jsonb, p_amounts numeric[], p_first integer)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT CASE WHEN p_event #> '{payload,object,entries}' IS NULL THEN p_event
    ELSE jsonb_set(p_event, '{payload,object,entries}', (
      SELECT jsonb_agg(jsonb_set(e, '{amount}', to_jsonb(p_amounts[p_first + place - 1]::text)) ORDER BY place)
      FROM jsonb_array_elements(p_event #> '{payload,object,entries}') WITH ORDINALITY AS t (e, place)
      WHERE p_amounts[p_first + place - 1] <> 0))
    END
$function$;
