import type { Config } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import type { GrantedKey } from '../organizations/grant.ts'
import { type Command, oneOf, textOf, UsageError, type Values } from './command.ts'
import { withDatabase } from './with-database.ts'

export const createKey: Command = {
  name: 'keys create',
  usage: `Usage: tollgate keys create --mode test|live --role OWNER|ADMIN|USER [options]

Makes an API key and prints it, and nothing else. Works beside a running gateway on the same DATA_DIR or DATABASE_URL.

  --mode test|live              whose data it reaches: that of the test tenant or of the live one
  --role OWNER|ADMIN|USER       what it may do; a USER sees and makes only what is its own
  --organization <id>           whose key it is; needed where there are several organizations
  --user <id>                   whom a USER's key acts for; without it a demo seller, made when first wanted
  --name <text>                 what it is called in lists
  --rate-limit <number>         how many requests it may make in a quarter of an hour; 5000 without it
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
  const name = textOf(values.name) ?? 'Made on the command line'
  if (name.length > LONGEST_NAME) throw new UsageError(`--name may have ${LONGEST_NAME} characters at most`)
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
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError('--rate-limit is a whole number from 1 to 999999999')
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
