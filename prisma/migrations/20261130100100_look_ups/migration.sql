-- Metadata are found by key and value among those of one tenant. An index of this kind takes no column of a UUID, so that
-- the tenant stands in each indexed text.
CREATE FUNCTION metadata_words(p_tenant uuid, p_metadata jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT array_agg(p_tenant::text || ' ' || key || '=' || value) FROM jsonb_each_text(p_metadata)
$$;

CREATE INDEX checkout_metadata ON checkout USING gin (metadata_words(tenant_id, metadata)) WHERE metadata <> '{}';
CREATE INDEX payment_metadata ON payment USING gin (metadata_words(tenant_id, metadata)) WHERE metadata <> '{}';
CREATE INDEX subscription_metadata ON subscription USING gin (metadata_words(tenant_id, metadata)) WHERE metadata <> '{}';
CREATE INDEX refund_metadata ON refund USING gin (metadata_words(tenant_id, metadata)) WHERE metadata <> '{}';
CREATE INDEX product_metadata ON product USING gin (metadata_words(tenant_id, metadata)) WHERE metadata <> '{}';
CREATE INDEX customer_metadata ON customer USING gin (metadata_words(tenant_id, metadata)) WHERE metadata <> '{}';

-- Of texts in an array the planner knows how common each is, as it does not of JSON, but not by a partial index: what is
-- rare is found by the index, and a page of what nearly all rows have is read in the order of the list.
CREATE STATISTICS checkout_metadata_words ON (metadata_words(tenant_id, metadata)) FROM checkout;
CREATE STATISTICS payment_metadata_words ON (metadata_words(tenant_id, metadata)) FROM payment;
CREATE STATISTICS subscription_metadata_words ON (metadata_words(tenant_id, metadata)) FROM subscription;
CREATE STATISTICS refund_metadata_words ON (metadata_words(tenant_id, metadata)) FROM refund;
CREATE STATISTICS product_metadata_words ON (metadata_words(tenant_id, metadata)) FROM product;
CREATE STATISTICS customer_metadata_words ON (metadata_words(tenant_id, metadata)) FROM customer;

-- What payments are filtered by, each in the order of the list where many rows may have one value.
CREATE INDEX payment_transfer ON payment (tenant_id, (transaction_hash COLLATE "C"), id) WHERE transaction_hash IS NOT NULL;
CREATE INDEX payment_movement_transfer ON payment_movement (tenant_id, (transaction_hash COLLATE "C"), payment_id) WHERE transaction_hash IS NOT NULL;
CREATE INDEX customer_address ON customer (tenant_id, lower(email COLLATE "C"), id);
CREATE INDEX payment_seller ON payment (tenant_id, user_id, created_at, id) WHERE user_id IS NOT NULL;
CREATE INDEX payment_amount ON payment (tenant_id, currency, amount_minor, id);
