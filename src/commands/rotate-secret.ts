import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import { type Command, textOf, UsageError } from './command.ts'
import { openInstallation } from './with-database.ts'

export const rotateSecret: Command = {
  name: 'keys rotate-secret',
  usage: `Usage: npm run -s keys -- rotate-secret [options]

Changes the secret key, which encrypts the secrets in the database. The new key is in a file that only its owner can read
before anything is encrypted with it. Running gateways continue. When the command is cut off, call it again: it finishes.

Without SECRET_KEY the key is in DATA_DIR/secret.key, and the new one takes its place there.

With SECRET_KEY --new-key is required, and each gateway needs the key in that file as its SECRET_KEY at its next start.

  --new-key <file>   the file of the new key: 32 bytes in base64; it is created with a random key if it does not exist
`,
  options: { 'new-key': { type: 'string' } },
  async run(config, values) {
    const { keyFile, nextKeyFile, replaceKey } = await import('../secret-key.ts')
    const { dataDir } = config
    const newKey = textOf(values['new-key'])
    if (config.secretKey) {
      if (!newKey) throw new UsageError('--new-key <file> is required when SECRET_KEY is set')
      const file = resolve(newKey)
      await change(config, file)
      process.stdout.write(
        `The secret key is changed. The new one is in ${file}: keep it, and set it as the SECRET_KEY of every gateway.\n`,
      )
    } else {
      if (newKey) throw new UsageError('--new-key can be given only when SECRET_KEY is set')
      await change(config, nextKeyFile(dataDir))
      replaceKey(dataDir)
      process.stdout.write(`The secret key is changed. The new one is in ${keyFile(dataDir)}.\n`)
    }
  },
}

/** Encrypts with the key in the file, which is there before and stays there, whenever this is cut off. */
async function change(config: Config, file: string): Promise<void> {
  const { changeSecretKey } = await import('../organizations/data-key.ts')
  const { existingSecretKey, keyIn } = await import('../secret-key.ts')
  existingSecretKey(config)
  const database = await openInstallation(config)
  try {
    const next = keyIn(file)
    await changeSecretKey(database.sessionUrl, existingSecretKey(config), next)
  } finally {
    await database.stop()
  }
}
