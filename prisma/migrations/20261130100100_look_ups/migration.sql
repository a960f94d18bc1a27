-- Metadata are found by key and value among those of one tenant. An index of this kind holds no tenant beside them, so that
-- the tenant stands in the indexed value itself, as the first step of each path. Not declared stable, as jsonb_build_object
-- is: a UUID and JSON always give the same JSON.
CREATE FUNCTION metadata_of_tenant(p_tenant uuid, p_metadata jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_build_object(p_tenant, p_metadata)
$$;

CREATE INDEX checkout_metadata ON checkout USING gin (metadata_of_tenant(tenant_id, metadata) jsonb_path_ops) WHERE metadata <> '{}';
CREATE INDEX payment_metadata ON payment USING gin (metadata_of_tenant(tenant_id, metadata) jsonb_path_ops) WHERE metadata <> '{}';
CREATE INDEX subscription_metadata ON subscription USING gin (metadata_of_tenant(tenant_id, metadata) jsonb_path_ops) WHERE metadata <> '{}';
CREATE INDEX refund_metadata ON refund USING gin (metadata_of_tenant(tenant_id, metadata) jsonb_path_ops) WHERE metadata <> '{}';
CREATE INDEX product_metadata ON product USING gin (metadata_of_tenant(tenant_id, metadata) jsonb_path_ops) WHERE metadata <> '{}';
CREATE INDEX customer_metadata ON customer USING gin (metadata_of_tenant(tenant_id, metadata) jsonb_path_ops) WHERE metadata <> '{}';

-- What payments are filtered by, each in the order of the list where many rows may have one value.
CREATE INDEX payment_transfer ON payment (tenant_id, (transaction_hash COLLATE "C"), id) WHERE transaction_hash IS NOT NULL;
CREATE INDEX payment_movement_transfer ON payment_movement (tenant_id, (transaction_hash COLLATE "C"), payment_id) WHERE transaction_hash IS NOT NULL;
CREATE INDEX customer_address ON customer (tenant_id, lower(email COLLATE "C"), id);
CREATE INDEX payment_seller ON payment (tenant_id, user_id, created_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX payment_amount ON payment (tenant_id, currency, amount_minor, id);
