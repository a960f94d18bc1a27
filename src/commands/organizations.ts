import { systemClock } from '../kernel/clock.ts'
import type { OrganizationView } from '../organizations/organizations.ts'
import { type Command, textOf } from './command.ts'
import { withDatabase } from './with-database.ts'

export const createOrganization: Command = {
  name: 'organizations create',
  usage: `Usage: npm run -s organizations -- create <name> [options]

Creates an organization with a test and a live mode, and prints its id and a key with the role OWNER for each mode. The
keys are shown only once. Works beside a running gateway on the same DATA_DIR or DATABASE_URL, which connects the test mode
with the simulators within seconds.

  --email <address>   the e-mail address of its owner; by default it has only the keys
`,
  options: { email: { type: 'string' } },
  positionals: ['name'],
  run: (config, values) =>
    withDatabase(
      config,
      async (db) => {
        const { createOrganization } = await import('../organizations/organizations.ts')
        const wanted = { name: textOf(values.name), email: textOf(values.email) }
        const { id, testKey, liveKey } = await createOrganization(db, systemClock, wanted)
        process.stdout.write(`organization  ${id}\ntest key      ${testKey}\nlive key      ${liveKey}\n`)
      },
      { mayBeEmpty: true },
    ),
}

export const listOrganizations: Command = {
  name: 'organizations list',
  usage: `Usage: npm run -s organizations -- list [options]

Prints every organization, one line for each mode: id, name, mode, number of keys, number of users, number of payments,
providers, and when one of its keys was last used. Works beside a running gateway.

  --json   prints each line as JSON, with RFC 3339 times
`,
  options: { json: { type: 'boolean' } },
  run: (config, values) =>
    withDatabase(config, async (db) => {
      const { listOrganizations } = await import('../organizations/organizations.ts')
      const found = await listOrganizations(db, systemClock)
      const lines = values.json ? found.map((each) => JSON.stringify(each)) : tableOf(found)
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    }),
}

export const renameOrganization: Command = {
  name: 'organizations rename',
  usage: `Usage: npm run -s organizations -- rename <organization> <name>

Changes the name of an organization. <organization> is its id, as printed by organizations list: org_… Works beside a
running gateway.
`,
  options: {},
  positionals: ['organization', 'name'],
  run: (config, values) =>
    withDatabase(config, async (db) => {
      const { renameOrganization } = await import('../organizations/organizations.ts')
      await renameOrganization(db, systemClock, textOf(values.organization) ?? '', { name: textOf(values.name) })
    }),
}

const HEADINGS = ['ORGANIZATION', 'NAME', 'MODE', 'KEYS', 'USERS', 'PAYMENTS', 'PROVIDERS', 'LAST USED', '']

/** Columns as wide as what stands in them. */
function tableOf(organizations: readonly OrganizationView[]): string[] {
  const rows = [HEADINGS, ...organizations.map(cellsOf)]
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function cellsOf(view: OrganizationView): string[] {
  const { id, name, mode, keys, users, payments, providers, lastUsedAt, removalAt } = view
  // A name is what people typed: a line break or an escape in it must not change what the terminal shows.
  const shown = name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
  const removal = removalAt === null ? '' : `data removed from ${removalAt.toISOString()} on`
  const figures = [keys, users, payments].map(String)
  return [id, shown, mode, ...figures, providers.join(',') || '-', lastUsedAt?.toISOString() ?? 'never', removal]
}
