import type { Config } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import type { GrantedKey } from '../organizations/grant.ts'
import { type Command, oneOf, textOf, UsageError, type Values } from './command.ts'
import { withDatabase } from './with-database.ts'

export const createKey: Command = {
  name: 'keys create',
  usage: `Usage: npm run -s keys -- create --mode TEST|LIVE --role OWNER|ADMIN|USER [options]

Creates an API key and prints only the key. Works beside a running gateway on the same DATA_DIR or DATABASE_URL.

  --mode TEST|LIVE              the mode that the key gives access to
  --role OWNER|ADMIN|USER       the role of the key; a USER has access only to its own objects
  --organization <id>           the id of the organization; required when there are several
  --user <id>                   the user who owns a USER key; by default a demo seller, created on first use
  --name <text>                 the display name of the key
  --rate-limit <number>         the number of requests allowed in 15 minutes; by default 5000
`,
  options: {
    mode: { type: 'string' },
    role: { type: 'string' },
    organization: { type: 'string' },
    user: { type: 'string' },
    name: { type: 'string' },
    'rate-limit': { type: 'string' },
  },
  async run(config, values) {
    await create(config, readWish(values))
  },
}

const MODES = ['TEST', 'LIVE'] as const
const LONGEST_NAME = 100
const ROLES = ['OWNER', 'ADMIN', 'USER'] as const

function readWish(values: Values): GrantedKey {
  const name = textOf(values.name) ?? 'Created on the command line'
  if (name.length > LONGEST_NAME) throw new UsageError(`--name must have at most ${LONGEST_NAME} characters`)
  return {
    mode: oneOf(MODES, 'mode', values.mode),
    role: oneOf(ROLES, 'role', values.role),
    name,
    rateLimit: limitOf(textOf(values['rate-limit'])),
    organizationId: textOf(values.organization),
    userId: textOf(values.user),
  }
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError('--rate-limit must be a whole number from 1 to 999999999')
  return Number(text)
}

async function create(config: Config, wanted: GrantedKey): Promise<void> {
  const { bootstrap } = await import('../organizations/bootstrap.ts')
  const { grantKey } = await import('../organizations/grant.ts')

  await withDatabase(config, async (db) => {
    await bootstrap(db, systemClock)
    process.stdout.write(`${await grantKey(db, systemClock, wanted)}\n`)
  })
}
