import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { money } from '../../src/kernel/money.ts'
import { openCredentials } from '../../src/providers/credentials.ts'
import { ProviderAnswerLost, ProviderRefused, ProviderUnavailable } from '../../src/providers/errors.ts'
import { qbitflow } from '../../src/providers/qbitflow/index.ts'
import { SECRET_KEY } from '../support/app.ts'
import { ADA, openShop, type Shop } from '../support/shop.ts'
import { noSocket } from '../support/wire.ts'

const usd = (minor: bigint) => money(minor, currency('USD'))
const ITEM = { name: 'Gym', description: 'As often as you like', price: usd(1_000n) }
const LINES = { items: [{ ...ITEM, quantity: 1 }], discounts: [], taxes: [] }
const WANTED = { idempotencyKey: 'k', notifyUrl: 'https://us.test/inbox', item: ITEM, lines: LINES } as const

const SUBSCRIPTION = {
  uuid: 'sub@1',
  subscriptionStatus: 'active',
  stopped: false,
  allowance: 113.33,
  frequency: 2_592_000,
  lastBillingDate: '0001-01-01T00:00:00Z',
  nextBillingDate: '2026-02-28T12:00:00Z',
  minimumCancellationDate: null,
  createdAt: '2026-01-31T12:00:00Z',
  updatedAt: '2026-01-31T12:00:05.5+02:00',
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** An adapter whose provider answers as the test says. */
function adapter(answer: (asked: Asked) => Response) {
  const asked: Asked[] = []
  const provider = qbitflow({
    baseUrl: 'https://provider.test/v1',
    credentials: { apiKey: 'sk', webhookSecret: 'whsec' },
    fetch: async (input, init) => {
      const body = init?.body ? JSON.parse(String(init.body)) : undefined
      const request = { method: init?.method ?? '', path: String(input).replace('https://provider.test', ''), body }
      asked.push(request)
      return answer(request)
    },
    openSocket: noSocket,
  })
  return { provider, asked }
}

const answering = (body: unknown, status = 200) => adapter(() => Response.json(body, { status }))

describe('a session', () => {
  const opened = { uuid: 'sub@1', link: 'https://pay.test/1' }

  test('for a subscription goes to its own route with its terms', async () => {
    const { provider, asked } = answering(opened)
    const recurring = {
      frequency: { value: 2, unit: 'WEEKS' },
      trialPeriod: { value: 7, unit: 'DAYS' },
      minPeriods: 3,
    } as const
    await provider.checkouts.open({ ...WANTED, kind: 'SUBSCRIPTION', recurring })
    expect(asked).toMatchObject([
      {
        method: 'POST',
        path: '/v1/transaction/session-checkout/new/subscription',
        body: {
          productName: 'Gym',
          price: 10,
          frequency: { value: 2, unit: 'weeks' },
          trialPeriod: { value: 7, unit: 'days' },
          minPeriods: 3,
          webhookUrl: 'https://us.test/inbox',
        },
      },
    ])
  })

  test('for pay as you go goes to the older route, its terms among the options', async () => {
    const { provider, asked } = answering({ ...opened, uuid: 'payg@1', expiresAt: 1_800_000_000 })
    const recurring = { frequency: { value: 1, unit: 'YEARS' }, freeCredits: usd(550n) } as const
    const session = await provider.checkouts.open({ ...WANTED, kind: 'PAY_AS_YOU_GO', recurring })
    expect(session).toEqual({ reference: '1', url: 'https://pay.test/1', expiresAt: new Date(1_800_000_000_000) })
    expect(asked).toMatchObject([
      {
        path: '/v1/transaction/session-checkout/',
        body: {
          options: { subscriptionType: 'payAsYouGo', frequency: { value: 365, unit: 'days' }, freeCredits: 5.5 },
        },
      },
    ])
  })
})

describe('a subscription', () => {
  test('is read with what the wire says, and nothing that it does not', async () => {
    const { provider } = answering(SUBSCRIPTION)
    expect(await provider.subscriptions.find('1')).toEqual({
      status: 'ACTIVE',
      stopped: false,
      allowance: usd(11_333n),
      nextBillingAt: new Date('2026-02-28T12:00:00Z'),
      createdAt: new Date('2026-01-31T12:00:00Z'),
      updatedAt: new Date('2026-01-31T10:00:05.500Z'),
    })
  })

  test('is read in the later dialect too: its allowance as a decimal', async () => {
    const { provider } = answering({
      ...SUBSCRIPTION,
      allowance: '113.335',
      unitsCurrentPeriod: 0.3,
      freeCredits: 1e-7,
    })
    expect(await provider.subscriptions.find('1')).toMatchObject({
      allowance: usd(11_334n),
      unitsMillionths: 300_000n,
      freeCredits: usd(0n),
    })
  })

  test.each([
    ['trial', 'TRIAL'],
    ['trial_expired', 'TRIAL_EXPIRED'],
    ['active', 'ACTIVE'],
    ['low_on_funds', 'LOW_ON_FUNDS'],
    ['past_due', 'PAST_DUE'],
    ['pending', 'PENDING'],
    ['cancelled', 'CANCELLED'],
  ])('that is %s is %s', async (subscriptionStatus, status) => {
    const { provider } = answering({ ...SUBSCRIPTION, subscriptionStatus })
    expect(await provider.subscriptions.find('1')).toMatchObject({ status })
  })

  test('in a status that we do not know is never taken for another', async () => {
    for (const subscriptionStatus of ['', 'Active', 'paused', 'constructor', 'toString']) {
      const { provider } = answering({ ...SUBSCRIPTION, subscriptionStatus })
      await expect(provider.subscriptions.find('1'), subscriptionStatus).rejects.toThrow('unknown')
    }
  })

  test('that is hidden is CANCELLED where it certainly began, and unknown where not', async () => {
    const hidden = (status: string | undefined) =>
      adapter(({ path }) => {
        if (path.includes('/status?') && status) return Response.json({ status, txHash: '0x1' })
        return Response.json({ error: 'resource not found' }, { status: 404 })
      }).provider.subscriptions.find('1')
    expect(await hidden('completed')).toEqual({ status: 'CANCELLED' })
    expect(await hidden('failed')).toBeUndefined()
    expect(await hidden(undefined)).toBeUndefined()
  })

  test('has no history when it is unknown, or empty as the wire says it', async () => {
    for (const body of [[], null]) expect(await answering(body).provider.subscriptions.billings('1')).toEqual([])
  })
})

describe('a GET that acts', () => {
  const acts = (answer: (asked: Asked) => Response) => {
    const { provider, asked } = adapter(answer)
    const { forceCancel, executeTestBilling } = provider.subscriptions
    return { asked, verbs: [() => forceCancel('1'), () => executeTestBilling('1')] }
  }

  test('whose answer is lost may have acted: it is in doubt, not unavailable, and not tried again', async () => {
    for (const answer of [() => new Response('x', { status: 503 }), () => new Response('<html>'), unreachable]) {
      const { asked, verbs } = acts(answer)
      for (const act of verbs) await expect(act()).rejects.toThrow(ProviderAnswerLost)
      expect(asked).toHaveLength(2)
    }
  })

  test('that the provider refuses, or asks to slow down, did nothing', async () => {
    for (const act of acts(() => Response.json({ error: 'not due' }, { status: 409 })).verbs) {
      await expect(act()).rejects.toThrow(ProviderRefused)
    }
    for (const act of acts(() => Response.json({ error: 'slow' }, { status: 429 })).verbs) {
      await expect(act()).rejects.toThrow(ProviderUnavailable)
    }
  })

  test('is told from a GET that reads, whose lost answer changed nothing', async () => {
    const { provider } = adapter(unreachable)
    await expect(provider.subscriptions.find('1')).rejects.toThrow(ProviderUnavailable)
    await expect(provider.subscriptions.billings('1')).rejects.toThrow(ProviderUnavailable)
  })
})

function unreachable(): Response {
  throw new TypeError('fetch failed')
}

describe('over the wire, with the simulator', () => {
  let shop: Shop
  let provider: ReturnType<typeof qbitflow>
  beforeAll(async () => {
    shop = await openShop()
    const { tenantId } = shop.owner
    const where = { tenantId_provider: { tenantId, provider: 'QBITFLOW' as const } }
    const connection = await shop.app.db.prisma.providerConnection.findUniqueOrThrow({ where })
    const baseUrl = `${await shop.sandboxOrigin()}/sandbox/qbitflow/v1`
    provider = qbitflow({
      baseUrl,
      credentials: openCredentials(SECRET_KEY, connection.id, connection.credentials),
      fetch,
      openSocket: noSocket,
    })
  })
  afterAll(() => shop.close())

  async function begin(kind: 'SUBSCRIPTION' | 'PAY_AS_YOU_GO'): Promise<string> {
    const recurring = {
      frequency: { value: 1, unit: 'MONTHS' },
      ...(kind === 'PAY_AS_YOU_GO' && { freeCredits: usd(500n) }),
    } as const
    const { reference } = await provider.checkouts.open({
      ...WANTED,
      notifyUrl: 'http://nowhere.test',
      kind,
      recurring,
    })
    expect(await provider.status.lookup(reference, kind)).toBeUndefined()
    await provider.simulation.play(newId(), reference, 'PAY', { customer: ADA })
    await shop.pass({ seconds: 5 })
    expect(await provider.status.lookup(reference, kind)).toMatchObject({ state: 'COMPLETED' })
    return reference
  }

  test('a subscription begins, is billed, is billed on request, and ends', async () => {
    const reference = await begin('SUBSCRIPTION')
    await shop.pass({ seconds: 30 })
    expect(await provider.subscriptions.find(reference)).toMatchObject({ status: 'ACTIVE', stopped: false })
    expect(await provider.subscriptions.customer(reference)).toMatchObject({ name: 'Ada', email: 'ada@example.com' })
    const [first] = await provider.subscriptions.billings(reference)
    expect(first).toMatchObject({ amount: usd(1_000n), fee: 15n, organizationFee: 0n })
    await expect(provider.subscriptions.executeTestBilling(reference)).rejects.toThrow(/not due before/)
    await shop.control('/organization', { earlyTestBilling: true })
    await provider.subscriptions.executeTestBilling(reference)
    await shop.pass({ seconds: 30 })
    const bills = await provider.subscriptions.billings(reference)
    expect(bills).toHaveLength(2)
    expect(bills[0]?.reference).toBe(first?.reference)
    await provider.subscriptions.forceCancel(reference)
    await shop.pass({ seconds: 30 })
    expect(await provider.subscriptions.find(reference)).toMatchObject({ status: 'CANCELLED' })
    expect(await provider.subscriptions.billings(reference)).toHaveLength(2)
  })

  test('pay as you go counts what is reported, under the same routes', async () => {
    const reference = await begin('PAY_AS_YOU_GO')
    await provider.subscriptions.reportUsage(reference, 1_500_000n)
    await provider.subscriptions.reportUsage(reference, 1n)
    expect(await provider.subscriptions.find(reference)).toMatchObject({
      status: 'ACTIVE',
      unitsMillionths: 1_500_001n,
      freeCredits: usd(500n),
      maxSpending: usd(10_000n),
    })
    expect(await provider.subscriptions.billings(reference)).toEqual([])
  })
})
