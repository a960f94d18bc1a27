import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openConnection } from '../src/db/connection.ts'

/** The current text of each SQL function, in a file of its name. Migrations make them; nothing runs these files. */
export const FOLDER = fileURLToPath(new URL('../prisma/functions', import.meta.url))

/** Those of extensions are left out. A schema is left out too, since an installation may have any. */
const DEFINITIONS = `
  SELECT p.proname AS name,
    replace(pg_get_functiondef(p.oid), format('FUNCTION %I.', n.nspname), 'FUNCTION ') AS text
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = current_schema()
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  ORDER BY p.proname`

/** The text of each file, by the file's name, as a migrated database has its functions. */
export async function functionsOf(url: string): Promise<Map<string, string>> {
  const client = await openConnection(url, { name: 'tollgate functions' })
  try {
    const { rows } = await client.query<{ name: string; text: string }>(DEFINITIONS)
    const files = new Map(rows.map(({ name, text }) => [`${name}.sql`, `${text.trimEnd()};\n`]))
    if (files.size < rows.length) throw new Error('two SQL functions have one name: give each a name of its own')
    return files
  } finally {
    await client.end()
  }
}

/** The text of each file, by its name, as it is kept. */
export function keptFunctions(): Map<string, string> {
  return new Map(readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]))
}
