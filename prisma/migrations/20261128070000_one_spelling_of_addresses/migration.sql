-- An e-mail address is kept in the one spelling that it is compared in: lower case, composed letters, nothing invisible
-- around it. Comparing needs no function then, whose result would depend on the server's locale.
DROP INDEX customer_email_key;
DROP INDEX app_user_email_key;

-- Of several customers or users who have one address in several spellings the oldest gets the new one, and the others
-- keep what they have.
CREATE FUNCTION address_spelling(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(lower(normalize(address, NFC) COLLATE "C"),
    U&'^[\0009-\000D\0020\00A0\00AD\200B-\200F\2028-\202E\2060-\2064\FEFF]+|[\0009-\000D\0020\00A0\00AD\200B-\200F\2028-\202E\2060-\2064\FEFF]+$', '', 'g')
$$;

UPDATE customer c SET email = address_spelling(email)
WHERE email IS NOT NULL AND email IS DISTINCT FROM address_spelling(email) AND NOT EXISTS (
  SELECT FROM customer o WHERE o.tenant_id = c.tenant_id AND o.user_id IS NOT DISTINCT FROM c.user_id AND o.id <> c.id
    AND o.deleted_at IS NULL AND c.deleted_at IS NULL AND address_spelling(o.email) = address_spelling(c.email)
    AND (o.email = address_spelling(c.email) OR o.id < c.id));

UPDATE app_user u SET email = address_spelling(email)
WHERE email IS DISTINCT FROM address_spelling(email) AND NOT EXISTS (
  SELECT FROM app_user o WHERE o.tenant_id = u.tenant_id AND o.id <> u.id
    AND o.deleted_at IS NULL AND u.deleted_at IS NULL AND address_spelling(o.email) = address_spelling(u.email)
    AND (o.email = address_spelling(u.email) OR o.id < u.id));

CREATE UNIQUE INDEX customer_email_key ON customer (tenant_id, email, user_id) NULLS NOT DISTINCT
  WHERE deleted_at IS NULL AND email IS NOT NULL;
CREATE UNIQUE INDEX app_user_email_key ON app_user (tenant_id, email) WHERE deleted_at IS NULL;

DROP FUNCTION address_spelling;
