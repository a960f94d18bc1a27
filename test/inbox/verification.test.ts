import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { sealCredentials } from '../../src/providers/credentials.ts'
import { SECRET_KEY, type TestApp, testApp } from '../support/app.ts'
import { refusals } from '../support/shop.ts'

const SECRET = 'whsec_test_0123456789abcdef'
const GOLDEN = 'whsec_golden_secret_0123456789'
const AT = new Map([
  [SECRET, 1_700_000_000],
  [GOLDEN, 1_758_540_000],
])
const BODY = '{"b":2,"a":1,"c":3}'
const SIGNATURE = 'sha256=cefa417c919e24dadad16670fb997f379aece68be25f46d70bd2ee6541bb7b0a'

let seconds = 1_700_000_000
let house: TestApp
let owner: Actor
beforeAll(async () => {
  house = await testApp({ clock: { now: () => new Date(seconds * 1_000) } })
  owner = await house.actor()
})
afterAll(() => house.close())

/** Gives the connection this secret and lets it be the time of its vectors. */
async function use(webhookSecret: string): Promise<void> {
  seconds = AT.get(webhookSecret) ?? 0
  const where = { tenantId_provider: { tenantId: owner.tenantId, provider: 'QBITFLOW' as const } }
  const { id } = await house.app.db.prisma.providerConnection.findUniqueOrThrow({ where })
  const credentials = sealCredentials(SECRET_KEY, id, { apiKey: 'sk_1_test_x', webhookSecret })
  await house.app.db.prisma.providerConnection.update({ where, data: { credentials: new Uint8Array(credentials) } })
}

const verify = (input: object, actor = owner) =>
  house.app.inbox.verify(actor, { payload: BODY, signature: SIGNATURE, timestamp: '1700000000', ...input })

describe('a webhook that somebody received', () => {
  test.each([
    [SECRET, '{}', '86e42664e55bdef9d21c29ec99ef840bb60f05f718392629bb0eb162a585147e'],
    [SECRET, BODY, 'cefa417c919e24dadad16670fb997f379aece68be25f46d70bd2ee6541bb7b0a'],
    [
      SECRET,
      '{"z":{"y":1,"x":2},"a":[{"d":4,"c":3}]}',
      '710b9fed39bfd9f5c087f26f4bbb91eb5a30a56fc8e2f8e4ba41c0b92b7949a7',
    ],
    [
      SECRET,
      '{"url":"https://x.test/a?b=1&c=2","tag":"<b>"}',
      '28b274c01275f3ea7c03f3feb7fd2ec52a9594333779cae66f975d8914bc9383',
    ],
    [
      SECRET,
      '{"whole":1.0,"negWhole":-2.0,"frac":2.50}',
      '568f803efa06262d9bc43020a326a2d335739bc54c2f1f546d2f0c4d7ac70619',
    ],
    [
      GOLDEN,
      '{"a":-0,"b":-0.0,"c":1E2,"d":1e-7,"e":-1.5e-10,"f":0.0,"g":-0.000001}',
      '45e3033a130332ab91bce58115d670ac83a9d4a41b59f51323c4e20625bcd2bc',
    ],
    [
      GOLDEN,
      '{"emptyObj":{},"emptyArr":[],"list":[{},[],[[]],[{}]],"s":""}',
      'de1584470053d814ee8903db86fbe07517e13a0282c1e682587ed77659f9231a',
    ],
  ])("is verified by the connection's secret %s: %s", async (secret, payload, hex) => {
    await use(secret)
    const timestamp = String(AT.get(secret))
    expect(await verify({ payload, signature: `sha256=${hex}`, timestamp })).toEqual({ verified: true })
  })

  test.each([
    ['changed by a digit', { payload: '{"b":2,"a":1,"c":4}' }, /does not match/],
    ['no JSON', { payload: 'b=2' }, /not JSON/],
    ['empty', { payload: '' }, /not JSON/],
    ['signed otherwise', { signature: 'sha256=00' }, /does not match/],
    ['not signed', { signature: '' }, /does not match/],
    ['of another time', { timestamp: '1700000001' }, /does not match/],
    ['too old', { timestamp: '1699999699' }, /too far/],
    ['from the future', { timestamp: '1700000301' }, /too far/],
    ['of a time that is none', { timestamp: 'now' }, /malformed/],
    ['without a time, where the provider signs one,', { timestamp: undefined }, /timestamp is missing/],
  ])('that is %s is not verified, and the reason is told', async (_, changes, reason) => {
    await use(SECRET)
    expect(await verify(changes)).toEqual({ verified: false, reason: expect.stringMatching(reason) })
  })

  test("is judged by the secret of one's own connection alone", async () => {
    await use(GOLDEN)
    seconds = 1_700_000_000
    expect(await verify({})).toMatchObject({ verified: false })
  })

  test('needs all of its parts, and a provider that is connected', async () => {
    expect(await refusals(house.app.inbox.verify(owner, {}))).toEqual(['REQUIRED payload', 'REQUIRED signature'])
    expect(await refusals(verify({ provider: 'QFPAY' }))).toEqual(['UNSUPPORTED provider'])
    expect(await refusals(verify({}, await house.actor('LIVE')))).toEqual(['UNSUPPORTED provider'])
  })
})
