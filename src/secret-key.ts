import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import { type Config, ConfigError, SECRET_KEY_BYTES } from './config.ts'
import { makeDataFolder, placeOnce } from './db/data-folder.ts'

type Place = Pick<Config, 'secretKey' | 'dataDir'>

/**
 * The 32 bytes that encrypt what is kept of providers' credentials: those of SECRET_KEY, else those in the data folder,
 * which are drawn at the first start.
 */
export function secretKeyOf({ secretKey, dataDir }: Place): Buffer {
  if (secretKey) return secretKey
  makeDataFolder(dataDir)
  return keyIn(keyFile(dataDir))
}

/** The same, where it must be there already. */
export function existingSecretKey({ secretKey, dataDir }: Place): Buffer {
  const key = secretKey ?? readKey(keyFile(dataDir))
  if (key) return key
  throw new ConfigError(`SECRET_KEY is not set, and there is no ${keyFile(dataDir)}: set it as for the gateway`)
}

/** What a change of the key in the data folder left when it was cut off: that key, or this one, is the right one. */
export function unfinishedSecretKey({ secretKey, dataDir }: Place): Buffer | undefined {
  return secretKey ? undefined : readKey(nextKeyFile(dataDir))
}

/** Where the key in the data folder is. */
export function keyFile(dataDir: string): string {
  return join(dataDir, 'secret.key')
}

/** Where the key is that is to replace the one in the data folder, until the database is encrypted with it. */
export function nextKeyFile(dataDir: string): string {
  return `${keyFile(dataDir)}.new`
}

/** The key in the file; one is drawn, and is on the disk before this returns, where there is no such file. */
export function keyIn(file: string): Buffer {
  return readKey(file) ?? drawKey(file)
}

/** Puts the new key in the place of the old one, which is gone with it. */
export function replaceKey(dataDir: string): void {
  try {
    renameSync(nextKeyFile(dataDir), keyFile(dataDir))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new ConfigError('another process changed the secret key at the same time')
  }
  flush(dataDir)
}

function readKey(file: string): Buffer | undefined {
  const text = readText(file)
  if (text === undefined) return undefined
  const key = Buffer.from(text, 'base64')
  if (key.length === SECRET_KEY_BYTES) return key
  throw new ConfigError(`the secret key cannot be read: ${file} does not hold ${SECRET_KEY_BYTES} bytes in base64`)
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError(`the secret key cannot be read: ${message}`)
  }
}

function drawKey(file: string): Buffer {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(draft, `${randomBytes(SECRET_KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flush: true })
    placeOnce(draft, file)
    for (const path of [file, dirname(file)]) flush(path)
  } catch (error) {
    throw new ConfigError(`a secret key cannot be written: ${(error as Error).message}`)
  } finally {
    rmSync(draft, { force: true })
  }
  return readKey(file) ?? Buffer.alloc(0)
}

/** The name of a new file outlives a power failure only when its folder is on the disk. Windows flushes neither. */
function flush(path: string): void {
  if (platform() === 'win32') return
  const opened = openSync(path, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}
