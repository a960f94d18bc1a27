import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// Prisma's own engine is a download; the stand-in runs the WebAssembly build of the same engine from npm.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('./scripts/schema-engine.mjs', import.meta.url))

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // The simulators' tables stand for servers of others: they are not in the schema, only in a migration.
  experimental: { externalTables: true },
  tables: { external: ['public.sandbox_document', 'public.sandbox_task', 'public.sandbox_unique'] },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
})
