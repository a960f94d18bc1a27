import { resolve } from 'node:path'

export interface Welcome {
  readonly publicUrl: string
  readonly graphiql: boolean
  /** The database in words. */
  readonly database: string
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  /** The first secret key, on the first start alone. */
  readonly testKey?: string | undefined
}

/** What the person who starts the gateway is told. */
export function welcomeText(welcome: Welcome): string {
  const { publicUrl, graphiql, database, testKey } = welcome
  const lines = [
    '  Tollgate is ready.',
    '',
    `    ${graphiql ? 'GraphiQL' : 'GraphQL '}   ${publicUrl}/graphql`,
    `    Database   ${database}`,
  ]
  if (testKey) lines.push(`    Test key   ${testKey}`)
  lines.push('')
  if (testKey) lines.push('  The key belongs to the owner of the demo organization and is shown only once.')
  lines.push(`  More keys${moreKeys(welcome)} npm run -s keys -- create --mode TEST --role OWNER`)
  return `\n${lines.join('\n')}\n\n`
}

/** What leads the command to the same database, in front of it. */
function moreKeys({ databaseUrl, dataDir }: Welcome): string {
  if (databaseUrl !== undefined) return ', with the same DATABASE_URL in the environment:'
  return dataDir === resolve('data') ? ':' : `: DATA_DIR=${quoted(dataDir)}`
}

/** As a shell reads it. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
