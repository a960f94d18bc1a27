import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, ConfigError, SECRET_KEY_BYTES } from './config.ts'
import { makeDataFolder, placeOnce } from './db/data-folder.ts'

/**
 * The 32 bytes that encrypt what is kept of providers' credentials: those of SECRET_KEY, else those in the data folder,
 * which are drawn at the first start.
 */
export function secretKeyOf(config: Pick<Config, 'secretKey' | 'dataDir'>): Buffer {
  if (config.secretKey) return config.secretKey
  const file = join(config.dataDir, 'secret.key')
  const key = readKey(file) ?? drawKey(config.dataDir, file)
  if (key.length === SECRET_KEY_BYTES) return key
  throw new ConfigError(`SECRET_KEY is not set, and ${file} holds no ${SECRET_KEY_BYTES} bytes in base64`)
}

function readKey(file: string): Buffer | undefined {
  try {
    return Buffer.from(readFileSync(file, 'utf8'), 'base64')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError(`SECRET_KEY is not set, and the key in DATA_DIR cannot be read: ${message}`)
  }
}

function drawKey(dataDir: string, file: string): Buffer {
  makeDataFolder(dataDir)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  writeFileSync(draft, `${randomBytes(SECRET_KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flush: true })
  try {
    placeOnce(draft, file)
  } finally {
    rmSync(draft)
  }
  return readKey(file) ?? Buffer.alloc(0)
}
