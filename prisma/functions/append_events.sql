CREATE OR REPLACE FUNCTION append_events(p_tenant uuid, p_events jsonb, p_at timestamp with time zone, p_request text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
  n int := jsonb_array_length(p_events);
  before bigint;
BEGIN
  INSERT INTO event_counter AS c (tenant_id, last) VALUES (p_tenant, n)
  ON CONFLICT (tenant_id) DO UPDATE SET last = c.last + n
  RETURNING c.last - n INTO before;

  INSERT INTO event (tenant_id, id, cursor, type, entity_kind, entity_id, sequence, topic_id, payload, at, request_id, trace)
  SELECT p_tenant, e.id, before + e.place, e.type, e.entity_kind, e.entity_id,
         coalesce((SELECT max(x.sequence) FROM event x WHERE x.tenant_id = p_tenant AND x.entity_id = e.entity_id), 0)
           + row_number() OVER (PARTITION BY e.entity_id ORDER BY e.place),
         e.topic_id, e.payload, p_at, coalesce(e.request_id, p_request), e.trace
  FROM (
    SELECT (j ->> 'id')::uuid AS id, place, j ->> 'type' AS type, j ->> 'entityKind' AS entity_kind,
           (j ->> 'entityId')::uuid AS entity_id, (j ->> 'topicId')::uuid AS topic_id, j -> 'payload' AS payload,
           j ->> 'requestId' AS request_id, j ->> 'trace' AS trace
    FROM jsonb_array_elements(p_events) WITH ORDINALITY AS t(j, place)
  ) e;

  PERFORM notify_nodes('tollgate_events', p_tenant::text);

  IF p_events @? '$[*].topicId' OR EXISTS (
    SELECT FROM webhook_endpoint WHERE tenant_id = p_tenant AND kind = 'EVENT' AND active AND deleted_at IS NULL
  ) THEN
    INSERT INTO webhook_delivery (tenant_id, id, endpoint_id, checkout_id, event_id, entity_id, cursor, next_attempt_at, created_at)
    SELECT p_tenant, new_id(), w.endpoint_id, w.checkout_id, e.id, e.entity_id, e.cursor, p_at, p_at
    FROM event e CROSS JOIN LATERAL (
      SELECT id AS endpoint_id, NULL::uuid AS checkout_id FROM webhook_endpoint
      WHERE tenant_id = p_tenant AND kind = 'EVENT' AND active AND deleted_at IS NULL
        AND (types = '{}' OR e.type = ANY (types))
      UNION ALL
      SELECT NULL, id FROM checkout WHERE tenant_id = p_tenant AND id = e.topic_id AND webhook_url IS NOT NULL
    ) w
    WHERE e.tenant_id = p_tenant AND e.cursor > before AND e.cursor <= before + n AND e.entity_kind <> 'WebhookEndpoint'
    ORDER BY e.cursor;
    IF FOUND THEN PERFORM notify_nodes('tollgate_webhooks', ''); END IF;
  END IF;
END $function$;
