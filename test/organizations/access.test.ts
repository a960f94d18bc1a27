import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { accessService } from '../../src/organizations/access.ts'
import { call, eventually, SECRET_KEY } from '../support/app.ts'
import { openShop, type Shop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const callerOf = (credential: string | undefined) => shop.app.access.authenticate(credential, 'r1')

describe('whoever shows', () => {
  test('nothing is nobody in particular', async () => {
    expect(await callerOf(undefined)).toEqual({ kind: 'anonymous', requestId: 'r1' })
  })

  test('something that is no credential is invalid, and not nobody', async () => {
    const nonsense = [
      '',
      ' ',
      'Bearer',
      'sk_test_',
      'sk_test_x',
      `sk_test_${'a'.repeat(37)}`,
      'sk_prod_abc',
      '_secret_',
    ]
    for (const credential of [...nonsense, 'a'.repeat(100_000), 'sk_test_\u0000', "sk_test_' or 1=1 --"]) {
      expect(await callerOf(credential), credential.slice(0, 40)).toBe('invalid')
    }
  })

  test('a key a character off is invalid', async () => {
    const { secret = '' } = await shop.app.keys.create(call(shop.owner), { name: 'Till', role: 'ADMIN' })
    expect(await callerOf(secret)).toMatchObject({ kind: 'key' })
    const last = secret.endsWith('a') ? 'b' : 'a'
    for (const off of [
      secret.slice(0, -1) + last,
      `${secret}a`,
      secret.toUpperCase(),
      secret.replace('test', 'live'),
    ]) {
      expect(await callerOf(off)).toBe('invalid')
    }
  })
})

test('the use of a key is noted, by the minute', async () => {
  const { id, secret } = await shop.app.keys.create(call(shop.owner), { name: 'Till', role: 'ADMIN' })
  const lastUse = async () => (await shop.app.db.prisma.apiKey.findFirstOrThrow({ where: { id } })).lastUsedAt
  await callerOf(secret)
  const first = await eventually(lastUse)
  await callerOf(secret)
  shop.clock.turn({ seconds: 61 })
  await callerOf(secret)
  const second = await eventually(async () => {
    const used = await lastUse()
    return used && used > first ? used : undefined
  })
  expect(second.getTime() - first.getTime()).toBeGreaterThan(60_000)
})

describe('a client secret', () => {
  test('opens its own checkout and nothing else', async () => {
    const { id } = await shop.open()
    const secret = shop.app.checkouts.clientSecret(id)
    expect(secret.startsWith(`${encodeId('Checkout', id)}_secret_`)).toBe(true)
    const { tenantId } = shop.owner
    expect(await callerOf(secret)).toEqual({ kind: 'checkout', tenantId, checkoutId: id, requestId: 'r1' })
    expect(shop.app.checkouts.clientSecret(id)).toBe(secret)
  })

  test('does not open another checkout, nor one that is not there', async () => {
    const [mine, other] = [await shop.open(), await shop.open()]
    const [, proof] = shop.app.checkouts.clientSecret(mine.id).split('_secret_')
    expect(await callerOf(`${encodeId('Checkout', other.id)}_secret_${proof}`)).toBe('invalid')
    expect(await callerOf(shop.app.checkouts.clientSecret(newId()))).toBe('invalid')
  })

  test('that was changed in any way is invalid', async () => {
    const { id } = await shop.open()
    const secret = shop.app.checkouts.clientSecret(id)
    const [name = '', proof = ''] = secret.split('_secret_')
    const changed = [
      `${name}_secret_`,
      `${name}_secret_${proof.slice(1)}`,
      `${name}_secret_${proof}0`,
      `${name}_secret_${proof.toUpperCase()}`,
      `${secret}_secret_x`,
      `${secret}_secret_`,
      `_secret_${proof}`,
      `${encodeId('Product', id)}_secret_${proof}`,
      ` ${secret}`,
      `${secret}\n`,
      name,
    ]
    for (const credential of changed) expect(await callerOf(credential), credential).toBe('invalid')
  })

  test('of another installation is invalid', async () => {
    const { id } = await shop.open()
    const secretKey = new Uint8Array(32).fill(8)
    const foreign = accessService({ db: shop.app.db, clock: shop.clock, secretKey })
    expect(await callerOf(foreign.clientSecret(id))).toBe('invalid')
    const same = accessService({ db: shop.app.db, clock: shop.clock, secretKey: SECRET_KEY })
    expect(await callerOf(same.clientSecret(id))).toMatchObject({ kind: 'checkout' })
  })
})
