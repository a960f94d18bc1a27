import type { App } from '../../src/app.ts'
import { onBehalfOf } from '../../src/db/requester.ts'
import type { Actor, Done } from '../../src/kernel/actor.ts'
import { DomainError, type Problem } from '../../src/kernel/errors.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { newTenant } from '../support/tenant.ts'

/** One wish as a client puts it: under a key, or under none. */
export interface Wish {
  readonly key?: string
  readonly metadata?: object
}

/** An account, and how much it is charged: `[account, '12.50 USD']`. */
export type Part = readonly [accountId: string, amount: string]

/** The verbs of the ledger for one tenant, with ids and amounts as people write them. */
export type Desk = Awaited<ReturnType<typeof openDesk>>

/** A desk of a new tenant, or of the actor's. */
export async function openDesk(app: App, existing?: Actor) {
  const actor = existing ?? (await newTenant(app.db))
  const { tenantId } = actor

  function ask(verb: (call: ReturnType<typeof callOf>, input: unknown) => Promise<Done>, operation: string) {
    // As the doors ask: each tenant has its own share of the connections.
    return async (input: object, { key }: Wish = {}): Promise<string> =>
      (await onBehalfOf({ party: tenantId }, () => verb(callOf(operation, key, input), input))).id
  }
  function callOf(operation: string, key: string | undefined, input: unknown) {
    return { ...call(actor, key, input), operation }
  }

  const createAccount = ask(app.accounts.create, 'createAccount')
  const updateAccount = ask(app.accounts.update, 'updateAccount')
  const freeze = ask(app.accounts.freeze, 'freezeAccount')
  const unfreeze = ask(app.accounts.unfreeze, 'unfreezeAccount')
  const fund = ask(app.transactions.fund, 'fundAccount')
  const createTransaction = ask(app.transactions.create, 'createTransaction')
  const createHold = ask(app.holds.create, 'createHold')
  const updateHold = ask(app.holds.update, 'updateHold')
  const completeHold = ask(app.holds.complete, 'completeHold')
  const declineHold = ask(app.holds.decline, 'declineHold')
  const rollback = ask(app.returns.rollback, 'rollbackTransaction')
  const refund = ask(app.returns.refund, 'refundTransaction')
  const setRate = ask(app.currencies.setRate, 'setRate')
  const createCurrency = ask(app.currencies.create, 'createCurrency')

  return {
    app,
    actor,
    tenantId,
    /** Opens an account of a client, in dollars unless told otherwise; answers its id. */
    account: (options: object = {}) => createAccount({ kind: 'CLIENT', currency: 'USD', ...options }),
    fund: (to: string, amount: string, { metadata, ...wish }: Wish = {}) =>
      fund({ accountId: account(to), total: money(amount), metadata }, wish),
    pay: (from: string, total: string, parts: readonly Part[], { metadata, ...wish }: Wish = {}) =>
      createTransaction({ ...payment(from, total, parts), metadata }, wish),
    hold: (from: string, total: string, parts: readonly Part[], wish: Wish & { expiresAt?: Date } = {}) =>
      createHold({ ...payment(from, total, parts), expiresAt: wish.expiresAt }, wish),
    updateHold: (id: string, total: string, parts?: readonly Part[], wish?: Wish) =>
      updateHold({ transactionId: transaction(id), total: money(total), charges: parts?.map(charge) }, wish),
    complete: (id: string, wish?: Wish) => completeHold({ transactionId: transaction(id) }, wish),
    decline: (id: string, wish?: Wish) => declineHold({ transactionId: transaction(id) }, wish),
    rollback: (id: string, wish?: Wish) => rollback({ transactionId: transaction(id) }, wish),
    refund: (id: string, parts: readonly Part[], wish?: Wish) =>
      refund({ transactionId: transaction(id), refunds: parts.map(charge) }, wish),
    freeze: (id: string, wish?: Wish) => freeze({ id: account(id) }, wish),
    unfreeze: (id: string, wish?: Wish) => unfreeze({ id: account(id) }, wish),
    update: (id: string, change: object) => updateAccount({ id: account(id), ...change }),
    setRate: (from: string, to: string, rate: string, wish?: Wish) => setRate({ from, to, rate }, wish),
    currency: (code: string, exponent: number) => createCurrency({ code, exponent }),
    /** What is booked on an account, and what of it is held. */
    async balance(id: string): Promise<{ balance: bigint; held: bigint }> {
      const { balance, held } = await app.db.prisma.account.findFirstOrThrow({ where: { tenantId, id } })
      return { balance, held }
    },
    /** An account that recipes opened, by the name they know it under. */
    async system(externalId: string) {
      return app.db.prisma.account.findUniqueOrThrow({ where: { tenantId_externalId: { tenantId, externalId } } })
    },
    /** The transaction and its parts, in their order. */
    async transaction(id: string) {
      const whole = await app.db.prisma.ledgerTransaction.findFirstOrThrow({ where: { tenantId, id } })
      const where = { tenantId, parentId: id }
      return { ...whole, parts: await app.db.prisma.ledgerTransaction.findMany({ where, orderBy: { id: 'asc' } }) }
    },
    entries: (transactionId: string) =>
      app.db.prisma.entry.findMany({ where: { tenantId, transactionId }, orderBy: { id: 'asc' } }),
    records: (key: string) => app.db.prisma.idempotencyRecord.count({ where: { tenantId, key } }),
    async breaks() {
      return (await app.ledger.proof(tenantId)).breaks
    },
  }
}

function payment(from: string, total: string, parts: readonly Part[]) {
  return { accountId: account(from), total: money(total), charges: parts.map(charge) }
}

function charge([to, amount]: Part) {
  return { destinationId: account(to), subtotal: money(amount) }
}

export function account(id: string): string {
  return id.startsWith('acct_') ? id : encodeId('Account', id)
}

function transaction(id: string): string {
  return id.startsWith('txn_') ? id : encodeId('LedgerTransaction', id)
}

function money(text: string) {
  const [amount = '', currency = ''] = text.split(' ')
  return { amount, currency }
}

/** Why something was refused; it fails where it was not. */
export async function refusal(work: Promise<unknown>): Promise<Problem> {
  const [first] = (await refusals(work)) as [Problem, ...Problem[]]
  return first
}

/** Why each of these, asked at once, was refused. */
export function eachRefusal(...asked: readonly Promise<unknown>[]): Promise<Problem[]> {
  return Promise.all(asked.map(refusal))
}

export async function refusals(work: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await work.catch((reason: unknown) => reason)
  if (error instanceof DomainError) return error.problems
  throw error instanceof Error ? error : new Error('it was not refused')
}

/** What became of many wishes put at once: those that were done, and the codes of the others. */
export async function outcomesOf(work: readonly Promise<string>[]) {
  const settled = await Promise.allSettled(work)
  const done = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const refused = settled.flatMap((each) => (each.status === 'rejected' ? [codeOf(each.reason)] : []))
  return { done, refused }
}

export function codeOf(error: unknown): string {
  if (error instanceof DomainError) return error.problems[0]?.code ?? ''
  throw error
}
