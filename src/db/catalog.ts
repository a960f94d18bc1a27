/** A table that has rows of tenants, as PostgreSQL's own catalog describes it, so that none can be forgotten. */
export interface TenantTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** The columns of the primary key. */
  readonly key: readonly string[]
  /** The other tables that it points to. */
  readonly references: readonly string[]
}

/** Every table with a tenant_id, and with them the tenant and its organization. */
export const TENANT_TABLES = `
  SELECT c.relname AS name,
         (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY a.attnum)
          FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         ARRAY(SELECT a.attname::text FROM pg_index i
               CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
               WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place) AS key,
         ARRAY(SELECT DISTINCT f.relname::text FROM pg_constraint r JOIN pg_class f ON f.oid = r.confrelid
               WHERE r.conrelid = c.oid AND r.contype = 'f' AND f.oid <> c.oid) AS references
  FROM pg_class c
  WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND (c.relname IN ('organization', 'tenant')
         OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
  ORDER BY c.relname`

/** Which rows of a table are a tenant's, as SQL over the alias t; the tenant is SQL too. */
export function ofTenant(table: string, tenant: string): string {
  switch (table) {
    case 'organization':
      return `t.id = (SELECT organization_id FROM tenant WHERE id = ${tenant})`
    case 'tenant':
      return `t.id = ${tenant}`
    default:
      return `t.tenant_id = ${tenant}`
  }
}

/** A name of the catalog as it is written in a statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
