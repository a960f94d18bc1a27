import { describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { openCredentials, sealCredentials } from '../../src/providers/credentials.ts'

const KEY = new Uint8Array(32).fill(1)
const CREDENTIALS = { apiKey: 'sk_1_test_2', webhookSecret: 'whsec_ü' }

describe('credentials', () => {
  const id = newId()
  const sealed = sealCredentials(KEY, id, CREDENTIALS)

  test('are opened as they were sealed', () => {
    expect(openCredentials(KEY, id, sealed)).toEqual(CREDENTIALS)
  })

  test('are not to be read from their seal, which is another each time', () => {
    expect(Buffer.from(sealed).includes('sk_1_test_2')).toBe(false)
    expect(Buffer.compare(sealed, sealCredentials(KEY, id, CREDENTIALS))).not.toBe(0)
  })

  test('are opened by their own key and for their own connection only', () => {
    expect(() => openCredentials(new Uint8Array(32).fill(2), id, sealed)).toThrow()
    expect(() => openCredentials(KEY, newId(), sealed)).toThrow()
  })

  test('that were changed or cut in any place are not opened', () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => openCredentials(KEY, id, changed)).toThrow()
    }
    for (const length of [0, 11, 12, 20, 28, sealed.length - 1]) {
      expect(() => openCredentials(KEY, id, sealed.slice(0, length))).toThrow()
    }
  })
})
