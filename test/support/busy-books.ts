import type { App } from '../../src/app.ts'
import type { Actor, Done } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from './app.ts'

/** What a tenant's books hold after a busy day, by their UUIDs. */
export interface BusyBooks {
  readonly payer: string
  readonly shop: string
  /** A transaction with two charges, one of them converted and partly refunded. */
  readonly split: string
  /** A hold that is still held. */
  readonly held: string
  readonly completed: string
  readonly declined: string
  readonly rolledBack: string
}

/** Every verb of the ledger once: currencies of 0 to 18 digits, conversions, holds of every end, refunds, a rollback. */
export async function busyBooks(app: App, actor: Actor): Promise<BusyBooks> {
  let calls = 0
  const next = () => call(actor, `busy-${calls++}`)
  const id = async (done: Promise<Done>) => (await done).id
  const account = (uuid: string) => encodeId('Account', uuid)
  const transaction = (uuid: string) => encodeId('LedgerTransaction', uuid)
  const open = (currency: string, externalId?: string) =>
    id(app.accounts.create(next(), { currency, kind: 'CLIENT', externalId }))
  const charge = (destination: string, amount: string, currency = 'USD') => ({
    destinationId: account(destination),
    subtotal: { amount, currency },
    metadata: { note: 'für „alle“', place: 2 },
  })
  const paid = (payer: string, amount: string, charges: ReturnType<typeof charge>[], currency = 'USD') => ({
    accountId: account(payer),
    total: { amount, currency },
    charges,
    metadata: { order: 'A-1' },
  })

  await app.currencies.create(next(), { code: 'COIN2', exponent: 3, name: 'Coins' })
  await app.currencies.setRate(next(), { from: 'USD', to: 'EUR', rate: '0.925' })
  await app.currencies.setRate(next(), { from: 'USD', to: 'COIN2', rate: '13.3333' })
  const payer = await open('USD', 'payer; "quoted"  twice')
  const [shop, euro, coins, ether, etherToo, yen] = [
    await open('USD', 'shop'),
    await open('EUR', 'Zürich'),
    await open('COIN2'),
    await open('ETH'),
    await open('ETH'),
    await open('JPY'),
  ]
  const fund = (to: string, amount: string, currency: string) =>
    app.transactions.fund(next(), { accountId: account(to), total: { amount, currency } })
  await fund(payer, '1000.00', 'USD')
  await fund(ether, '1.000000000000000001', 'ETH')
  await fund(yen, '1000000', 'JPY')
  const etherCharge = charge(etherToo, '0.300000000000000001', 'ETH')
  await app.transactions.create(next(), paid(ether, '0.300000000000000001', [etherCharge], 'ETH'))

  const charges = [charge(shop, '20.00'), charge(euro, '10.02'), charge(coins, '0.05')]
  const split = await id(app.transactions.create(next(), paid(payer, '30.07', charges)))
  for (const amount of ['5.01', '0.01']) {
    const refunds = [{ destinationId: account(euro), subtotal: { amount, currency: 'USD' } }]
    await app.returns.refund(next(), { transactionId: transaction(split), refunds })
  }
  const rolledBack = await id(app.transactions.create(next(), paid(payer, '7.00', [charge(euro, '7.00')])))
  await app.returns.rollback(next(), { transactionId: transaction(rolledBack), metadata: { why: 'mistaken' } })

  const hold = (amount: string) => id(app.holds.create(next(), paid(payer, amount, [charge(shop, amount)])))
  const [completed, declined, held] = [await hold('50.00'), await hold('4.00'), await hold('3.50')]
  const update = { transactionId: transaction(completed), total: { amount: '20.00', currency: 'USD' } }
  await app.holds.update(next(), { ...update, charges: [charge(shop, '19.00'), charge(coins, '1.00')] })
  await app.holds.complete(next(), { transactionId: transaction(completed) })
  await app.holds.decline(next(), { transactionId: transaction(declined) })
  await app.holds.update(next(), { transactionId: transaction(held), total: { amount: '3.75', currency: 'USD' } })
  return { payer, shop, split, held, completed, declined, rolledBack }
}
