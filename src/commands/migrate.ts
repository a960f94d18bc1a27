import { type Command, sayOnWait } from './command.ts'

export const migrate: Command = {
  name: 'migrate',
  usage: `Usage: npm run -s migrate

Applies the missing migrations to the database and prints their names; \`serve\` does the same when it starts.
The database is the one at DATABASE_URL, or the private one in DATA_DIR, which is created if it does not exist.
`,
  options: {},
  async run(config) {
    const { connectDatabase } = await import('../db/connect.ts')
    const { migrate: applyMigrations } = await import('../db/migrate.ts')
    const database = await connectDatabase({ ...config, exclusive: false, onWait: sayOnWait })
    try {
      const applied = await applyMigrations(database.sessionUrl)
      process.stdout.write(applied.length > 0 ? `${applied.join('\n')}\n` : 'The database is up to date.\n')
    } finally {
      await database.stop()
    }
  },
}
