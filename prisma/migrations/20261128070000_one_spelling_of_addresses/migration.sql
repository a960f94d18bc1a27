-- An e-mail address is compared by its bytes once the case of ASCII letters is folded: the letter I of a Turkish server
-- is no other letter then. Letters are composed (NFC), and nothing invisible stands around an address.
DROP INDEX customer_email_key;
DROP INDEX app_user_email_key;

CREATE FUNCTION address_spelling(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(normalize(address, NFC),
    U&'^[\0009-\000D\0020\00A0\00AD\200B-\200F\2028-\202E\2060-\2064\FEFF]+|[\0009-\000D\0020\00A0\00AD\200B-\200F\2028-\202E\2060-\2064\FEFF]+$', '', 'g')
$$;
CREATE FUNCTION address_key(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT lower(address_spelling(address) COLLATE "C")
$$;

-- Of several customers or users who have one address in several spellings, the oldest has it from here on. The others
-- keep theirs with their id behind it, so that nobody is lost and a person can decide.
UPDATE customer c SET email = address_spelling(email) || CASE WHEN EXISTS (
    SELECT FROM customer o WHERE o.tenant_id = c.tenant_id AND o.user_id IS NOT DISTINCT FROM c.user_id AND o.id < c.id
      AND o.deleted_at IS NULL AND c.deleted_at IS NULL AND address_key(o.email) = address_key(c.email))
  THEN '.' || c.id || '.duplicate.invalid' ELSE '' END
WHERE email IS NOT NULL;

UPDATE app_user u SET email = address_spelling(email) || CASE WHEN EXISTS (
    SELECT FROM app_user o WHERE o.tenant_id = u.tenant_id AND o.id < u.id
      AND o.deleted_at IS NULL AND u.deleted_at IS NULL AND address_key(o.email) = address_key(u.email))
  THEN '.' || u.id || '.duplicate.invalid' ELSE '' END;

DROP FUNCTION address_key;
DROP FUNCTION address_spelling;

CREATE UNIQUE INDEX customer_email_key ON customer (tenant_id, lower(email COLLATE "C"), user_id) NULLS NOT DISTINCT
  WHERE deleted_at IS NULL AND email IS NOT NULL;
CREATE UNIQUE INDEX app_user_email_key ON app_user (tenant_id, lower(email COLLATE "C")) WHERE deleted_at IS NULL;
