import { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import { isUniqueViolation } from '../db/errors.ts'
import type { AccountRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { Emit } from '../events/outbox.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import type { Currency } from '../kernel/currency.ts'
import { DomainError, notFound } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { id, line, metadata, optional, text } from '../kernel/input.ts'
import { MAX_MINOR, parseDecimal } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'
import { accountObject, isReserved } from './account.ts'
import type { Currencies } from './currencies.ts'

const CreateAccount = z.object({
  externalId: optional(
    text(100).refine(
      (value) => !isReserved(value),
      'begins with a prefix that is reserved for the ledger’s own accounts',
    ),
  ),
  name: optional(line(100)),
  currency: text(12),
  kind: z.enum(['SYSTEM', 'CLIENT']),
  overdraft: optional(z.boolean()),
  overdraftLimit: optional(z.string()),
  metadata: optional(metadata),
})

const UpdateAccount = z.object({
  id: id('Account'),
  name: optional(line(100)),
  overdraft: optional(z.boolean()),
  // Null takes a limit away, which is not the same as leaving it as it is.
  overdraftLimit: z.string().nullable().optional(),
  metadata: optional(metadata),
})

const AccountId = z.object({ id: id('Account') })

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly currencies: Currencies
}

/** Accounts are opened, described and frozen; they are never deleted, and only postings change their balance. */
export function accountService(parts: Deps) {
  return bound(parts, { create: createAccount, update, freeze, unfreeze })
}

/** @throws DomainError ALREADY_EXISTS when another account has the external id */
async function createAccount({ currencies, clocks, db }: Deps, call: Call, input: unknown): Promise<Done> {
  const wanted = validate(CreateAccount, input)
  const { tenantId } = call.actor
  const currency = await currencies.find(tenantId, wanted.currency)
  if (!currency) throw new DomainError({ code: 'NOT_FOUND', message: 'unknown currency', field: ['currency'] })
  const overdraftLimit = limitOf(wanted.overdraftLimit, currency) ?? null
  if (overdraftLimit !== null && !wanted.overdraft) throw limitWithoutOverdraft()
  const now = await clocks.now(call.actor)
  const id = newId()
  try {
    return await transactOnce(db, call, now, id, async (work) => {
      const described = { ...wanted, overdraftLimit: overdraftLimit?.toString(), metadata: wanted.metadata ?? {} }
      const data = { tenantId, id, ...described, createdAt: now, updatedAt: now }
      announce(work.emit, 'account.created', await work.tx.account.create({ data }))
    })
  } catch (error) {
    if (!isUniqueViolation(error, 'account_tenant_id_external_id_key')) throw error
    const message = 'Another account has this external id'
    throw new DomainError({ code: 'ALREADY_EXISTS', message, field: ['externalId'] })
  }
}

/** Takes the overdraft away, or limits it, only where the account is not further below zero already. */
async function update(parts: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, currencies } = parts
  const { id, overdraftLimit: limit, ...wanted } = validate(UpdateAccount, input)
  const { tenantId } = call.actor
  const seen = await db.prisma.account.findUnique({ where: { tenantId_id: { tenantId, id } } })
  if (!seen) throw notFound('Account', ['id'])
  const overdraftLimit = limitOf(limit, await currencies.known(tenantId, seen.currency))
  return change(parts, call, id, 'account.updated', async (tx, where, now) => {
    // Without overdraft there is nothing to limit.
    const unlimited = overdraftLimit === null || (overdraftLimit === undefined && wanted.overdraft === false)
    const data = { ...wanted, overdraftLimit: unlimited ? null : overdraftLimit?.toString(), updatedAt: now }
    const account = await tx.account.update({ where, data })
    assertWithinLimit(account)
    return account
  })
}

/** Nothing is paid from or to a frozen account until it is unfrozen. */
async function freeze(parts: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(AccountId, input)
  return change(parts, call, id, 'account.frozen', (tx, where, now) =>
    tx.account.update({ where, data: { frozen: true, updatedAt: now } }),
  )
}

async function unfreeze(parts: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(AccountId, input)
  return change(parts, call, id, 'account.unfrozen', (tx, where, now) =>
    tx.account.update({ where, data: { frozen: false, updatedAt: now } }),
  )
}

async function change(
  { clocks, db }: Deps,
  call: Call,
  id: string,
  type: EventType,
  apply: (tx: Transaction, where: AccountKey, now: Date) => Promise<AccountRow>,
): Promise<Done> {
  const { tenantId } = call.actor
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, id, async (work) => {
    const where = { tenantId_id: { tenantId, id } }
    await work.lock('account', id)
    const account = await work.tx.account.findUnique({ where })
    if (!account) throw notFound('Account', ['id'])
    // Its entries are stamped no earlier than this, so that they stay in the order of their time.
    const at = new Date(Math.max(account.updatedAt.getTime(), now.getTime()))
    announce(work.emit, type, await apply(work.tx, where, at))
  })
}

/** A limit in minor units; null for none, undefined where it is left as it is. @throws DomainError INVALID, OUT_OF_RANGE */
function limitOf(amount: string | null | undefined, { code, exponent }: Currency): bigint | null | undefined {
  if (amount == null) return amount
  const minor = parseDecimal(amount, exponent)
  const field = ['overdraftLimit']
  if (minor === undefined) {
    const message = `must be a decimal with at most ${exponent} decimal places in ${code}`
    throw new DomainError({ code: 'INVALID', message, field })
  }
  if (minor >= 0n && minor <= MAX_MINOR) return minor
  const message = minor < 0n ? 'must not be below zero' : 'is too large'
  throw new DomainError({ code: 'OUT_OF_RANGE', message, field })
}

/** @throws DomainError INVALID where there is nothing to limit, INVALID_STATE where the account is further below zero */
function assertWithinLimit({ overdraft, overdraftLimit, balance, held }: AccountRow): void {
  if (!overdraft && overdraftLimit !== null) throw limitWithoutOverdraft()
  const limit = overdraft ? overdraftLimit : 0n
  if (limit === null || balance - held >= -limit) return
  const message = overdraft ? 'The account is already further below zero than this limit' : 'The account is overdrawn'
  throw new DomainError({ code: 'INVALID_STATE', message, field: [overdraft ? 'overdraftLimit' : 'overdraft'] })
}

function limitWithoutOverdraft(): DomainError {
  const message = 'is only for an account whose balance may fall below zero (overdraft: true)'
  return new DomainError({ code: 'INVALID', message, field: ['overdraftLimit'] })
}

interface AccountKey {
  readonly tenantId_id: { readonly tenantId: string; readonly id: string }
}

function announce(emit: Emit, type: EventType, account: AccountRow): void {
  emit({ type, entityKind: 'Account', entityId: account.id, object: accountObject(account) })
}
