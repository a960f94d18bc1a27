CREATE OR REPLACE FUNCTION notify_nodes(p_channel text, p_payload text)
 RETURNS void
 LANGUAGE sql
AS $function$
  SELECT pg_notify(p_channel || '_' || quote_ident(current_schema())::regnamespace::oid, p_payload)
$function$;
