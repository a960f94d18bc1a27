CREATE OR REPLACE FUNCTION metadata_words(p_tenant uuid, p_metadata jsonb)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  SELECT array_agg(p_tenant::text || ' ' || key || '=' || value) FROM jsonb_each_text(p_metadata)
$function$;
