import { ConfigError } from '../config.ts'
import { type Command, sayOnWait } from './command.ts'

export const rotateSecret: Command = {
  name: 'keys rotate-secret',
  usage: `Usage: NEW_SECRET_KEY=... tollgate keys rotate-secret

Changes the key that encrypts the secrets in the database: from SECRET_KEY (or the key in DATA_DIR, if it is not set) to
NEW_SECRET_KEY, which is 32 random bytes in base64, e.g. from: openssl rand -base64 32. Running gateways continue; each
needs the new key as its SECRET_KEY at its next start. No other key or secret changes.
`,
  options: {},
  async run(config) {
    const { newSecretKey } = config
    if (!newSecretKey) throw new ConfigError('NEW_SECRET_KEY must be set to the key that replaces SECRET_KEY')
    const { connectDatabase } = await import('../db/connect.ts')
    const { migrate } = await import('../db/migrate.ts')
    const { changeSecretKey } = await import('../organizations/data-key.ts')
    const { secretKeyOf } = await import('../secret-key.ts')
    const database = await connectDatabase({ ...config, exclusive: false, onWait: sayOnWait })
    try {
      await migrate(database.sessionUrl)
      await changeSecretKey(database.sessionUrl, secretKeyOf(config), newSecretKey)
      process.stdout.write('The secret key is changed. Start every gateway with the new key as its SECRET_KEY.\n')
    } finally {
      await database.stop()
    }
  },
}
