CREATE OR REPLACE FUNCTION metadata_of_tenant(p_tenant uuid, p_metadata jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT jsonb_build_object(p_tenant, p_metadata)
$function$;
