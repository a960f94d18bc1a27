import { parseArgs } from 'node:util'
import { type Command, UsageError, type Values } from './commands/command.ts'
import { createKey } from './commands/keys.ts'
import { exportLedger } from './commands/ledger-export.ts'
import { verifyLedger } from './commands/ledger-verify.ts'
import { migrate } from './commands/migrate.ts'
import { createOrganization, listOrganizations, renameOrganization } from './commands/organizations.ts'
import { rotateSecret } from './commands/rotate-secret.ts'
import { serve } from './commands/serve.ts'
import { loadConfig } from './config.ts'
import { asStartError, StartError } from './kernel/start-error.ts'
import { unavailable } from './kernel/unavailable.ts'

const COMMANDS: readonly Command[] = [
  serve,
  migrate,
  createKey,
  rotateSecret,
  createOrganization,
  listOrganizations,
  renameOrganization,
  exportLedger,
  verifyLedger,
]

const USAGE = `Tollgate, a self-hosted GraphQL payments gateway.

Usage, in the folder of Tollgate:

  npm start                                              starts the gateway
  npm run -s migrate                                     applies the missing migrations
  npm run -s keys -- create --mode TEST --role OWNER     creates an API key and prints it
  npm run -s keys -- rotate-secret                       changes the secret key
  npm run -s organizations -- create "Second shop"       creates an organization and its keys
  npm run -s organizations -- list                       lists the organizations
  npm run -s organizations -- rename org_… "New name"    changes the name of an organization
  npm run -s ledger -- export --output books.jsonl       exports the ledger to a file
  npm run -s ledger -- verify books.jsonl                verifies such a file, without a database

  -h, --help    after a command: describes it, as in npm run -s keys -- create --help

Settings come from the environment: PORT, HOST, DATA_DIR, DATABASE_URL, PUBLIC_URL and others that
\`npm start -- --help\` lists.
`

/** What a shell shows for a program whose reader has gone, such as head. */
const OUTPUT_CLOSED = 141
let outputClosed = false
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  outputClosed = true
})

const code = await main(process.argv.slice(2))
// That the last write failed is told in a later turn.
await new Promise(setImmediate)
process.exit(outputClosed ? OUTPUT_CLOSED : code)

async function main(args: readonly string[]): Promise<number> {
  const wantsHelp = args.some((arg) => arg === '--help' || arg === '-h')
  const command = COMMANDS.find(({ name }) => `${args.join(' ')} `.startsWith(`${name} `))
  if (!command) return wantsHelp ? print(usageFor(args)) : refuse(mistakeIn(args), usageFor(args))
  if (wantsHelp) return print(command.usage)
  try {
    await command.run(loadConfig(), valuesOf(command, args.slice(command.name.split(' ').length)))
    return 0
  } catch (error) {
    if (outputClosed) return OUTPUT_CLOSED
    return isUsageError(error) ? refuse(error.message, command.usage) : fail(error)
  }
}

/** How the commands of the group are called whose name comes first; without such a name, all of them. */
function usageFor([group]: readonly string[]): string {
  const usages = COMMANDS.filter(({ name }) => name.startsWith(`${group} `)).map(({ usage }) => usage)
  return usages.length > 0 ? usages.join('\n') : USAGE
}

function mistakeIn(args: readonly string[]): string {
  const [group, ...others] = args
  if (group === undefined) return 'a command is missing'
  const names = COMMANDS.map(({ name }) => name.split(' ')).filter(([first]) => first === group)
  return names.length > 0 && others.length === 0
    ? `${group} needs one of these words after it: ${names.map(([, word]) => word).join(', ')}`
    : `unknown command: ${args.join(' ')}`
}

function valuesOf({ options, positionals: names = [] }: Command, args: string[]): Values {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: names.length > 0 })
  const [missing] = names.slice(positionals.length)
  if (missing !== undefined) throw new UsageError(`<${missing}> is missing`)
  if (positionals.length > names.length) throw new UsageError(`unexpected argument: ${positionals[names.length]}`)
  return { ...values, ...Object.fromEntries(names.map((name, place) => [name, positionals[place]])) }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function refuse(message: string, usage: string): number {
  process.stderr.write(`tollgate: ${message}\n\n${usage}`)
  return 2
}

/** What Node's parser of arguments refuses is the person's mistake like what a command refuses. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
}

/** One line for what a person can put right. A bug of ours keeps its stack. */
function fail(error: unknown): number {
  const known = unavailable(error) ? asStartError(error) : error
  const text = known instanceof Error && !(known instanceof StartError) ? known.stack : (known as Error).message
  process.stderr.write(`tollgate: ${text}\n`)
  return 1
}
