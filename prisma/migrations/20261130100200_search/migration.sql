-- What a search looks into, each in bytewise order whatever the database's collation: texts that begin alike stand together.
CREATE INDEX customer_full_name ON customer (tenant_id, lower((name || coalesce(' ' || last_name, '')) COLLATE "C"), id);
CREATE INDEX customer_last_name ON customer (tenant_id, lower(last_name COLLATE "C"), id);
CREATE INDEX customer_reference ON customer (tenant_id, (reference COLLATE "C"), id) WHERE reference IS NOT NULL;
CREATE INDEX checkout_external_id ON checkout (tenant_id, (external_id COLLATE "C"), id) WHERE external_id IS NOT NULL;
CREATE INDEX payment_external_id ON payment (tenant_id, (external_id COLLATE "C"), id) WHERE external_id IS NOT NULL;
CREATE INDEX subscription_external_id ON subscription (tenant_id, (external_id COLLATE "C"), id) WHERE external_id IS NOT NULL;
