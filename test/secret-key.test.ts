import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { secretKeyOf } from '../src/secret-key.ts'

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tollgate-key-'))
})

afterAll(() => rmSync(root, { recursive: true }))

describe('the secret key', () => {
  test('is the configured one where there is one', () => {
    const secretKey = Buffer.alloc(32, 7)
    expect(secretKeyOf({ secretKey, dataDir: join(root, 'unused') })).toBe(secretKey)
  })

  test('is drawn once and kept for its owner alone', () => {
    const dataDir = join(root, 'new', 'data')
    const key = secretKeyOf({ secretKey: undefined, dataDir })
    expect(key).toHaveLength(32)
    expect(secretKeyOf({ secretKey: undefined, dataDir })).toEqual(key)
    expect(statSync(join(dataDir, 'secret.key')).mode & 0o777).toBe(0o600)
  })

  test('that is damaged is refused rather than replaced', () => {
    writeFileSync(join(root, 'secret.key'), 'damaged')
    expect(() => secretKeyOf({ secretKey: undefined, dataDir: root })).toThrow(
      /^the secret key cannot be read: .*secret\.key does not hold 32 bytes/,
    )
  })
})
