import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database, Transaction } from '../db/database.ts'
import type { CheckoutRow } from '../db/rows.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { currency } from '../kernel/currency.ts'
import { secondsOf } from '../kernel/duration.ts'
import { DomainError, invalidState, notFound, type Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { type Money, money } from '../kernel/money.ts'
import { validate } from '../kernel/validate.ts'
import { actOnce } from '../providers/act-once.ts'
import { type CapabilityService, capabilityFor } from '../providers/capabilities.ts'
import { lacking } from '../providers/errors.ts'
import type { Able, Registry } from '../providers/registry.ts'
import { simulatorOf } from '../providers/simulator.ts'
import { chooseProvider } from '../routing/choose.ts'
import { termsData } from '../subscriptions/terms.ts'
import { transactOnce } from '../work/work.ts'
import { applyToCheckout } from './apply.ts'
import {
  CheckoutId,
  CreateCheckout,
  checkoutObject,
  isBeingOpened,
  isInDoubt,
  LIFETIME_HOURS,
  SimulateCheckout,
  type WantedCheckoutInput,
  wasRefused,
} from './checkout.ts'
import type { CheckoutOpening } from './opening.ts'
import { takeReference } from './references.ts'

/** How long the request that makes a checkout may take before reconciliation takes it over. */
const OPENING_LEASE_MS = 60_000
/** A second page at the provider does no harm, since the first answer that is recorded stands; a long wait does. */
const REPEAT_WAITS_MS = 3_000
const REPEAT_LOOKS_EVERY_MS = 50
const DAY_SECONDS = 86_400

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly capabilities: CapabilityService
  readonly opening: CheckoutOpening
  readonly log: Logger
}

/** What is sold. */
interface Item {
  readonly name: string
  readonly description: string
  readonly price: Money
}

export function checkoutService(deps: Deps) {
  return bound(deps, { create: createCheckout, cancel: cancelCheckout, simulate: simulateCheckout })
}

/**
 * Opens a hosted page to be paid through. The checkout is kept before the provider is asked, and its id is what the
 * provider is asked with. A refusal gives a FAILED checkout, a lost answer an UNKNOWN one, each with a problem.
 */
async function createCheckout(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, clocks, capabilities, opening } = deps
  const wanted = validate(CreateCheckout, input)
  const { actor } = call
  const provider = await providerFor(deps, actor, wanted)
  const needed = capabilityFor(wanted.kind)
  const lacked = needed && (await capabilities.lacks(provider, needed)) ? needed : undefined
  const now = await clocks.now(actor)
  const id = newId()
  let made: CheckoutRow | undefined
  const done = await transactOnce(db, call, now, id, async (work) => {
    const item = await itemOf(work.tx, actor, wanted)
    if (lacked) throw unsupported(lacking(provider.name, lacked))
    refuseUnsupported(provider, wanted, item.price.currency.code)
    refuseShortText(provider, wanted, item)
    if (wanted.reference !== undefined) await takeReference(work, actor, wanted.reference)
    const whose = { tenantId: actor.tenantId, id, provider: provider.name, userId: ownerOf(actor) }
    made = await work.tx.checkout.create({ data: { ...whose, ...wantedData(wanted, item, now) } })
    const object = checkoutObject(made)
    work.emit({ type: 'checkout.created', entityKind: 'Checkout', entityId: id, topicId: id, object })
  })
  const { requestId } = actor
  const problems =
    done.replayed || !made
      ? await repeat(deps, actor.tenantId, done.id, requestId)
      : await opening.open(made, { requestId, provider, clock: actor })
  return { ...done, problems }
}

/** The provider that is to sell it. @throws DomainError UNSUPPORTED where none can */
async function providerFor({ db, registry, log }: Deps, actor: Actor, wanted: WantedCheckoutInput) {
  const { tenantId } = actor
  const { kind, provider, productId, item } = wanted
  if (provider !== undefined) registry.adapterFor(provider)
  const connected = await registry.all(tenantId)
  const isChoice = connected.length > 1
  const product = productId && isChoice && (await db.prisma.product.findFirst({ where: { tenantId, id: productId } }))
  const currency = product ? product.currency : item?.price.currency.code
  const choice = chooseProvider(connected, { kind, currency, provider })
  if (isChoice) log.info({ tenantId, provider: choice.provider.name, reason: choice.reason }, 'a provider was chosen')
  return choice.provider
}

/** What is asked for, as it is kept. */
function wantedData(wanted: WantedCheckoutInput, item: Item, now: Date) {
  return {
    kind: wanted.kind,
    reference: wanted.reference,
    metadata: wanted.metadata ?? {},
    productId: wanted.productId,
    itemName: item.name,
    itemDescription: item.description,
    priceMinor: item.price.minor.toString(),
    currency: item.price.currency.code,
    customerId: wanted.customerId,
    successUrl: wanted.successUrl,
    cancelUrl: wanted.cancelUrl,
    webhookUrl: wanted.webhookUrl,
    ...termsData(wanted, item.price.currency),
    expiresAt: new Date(now.getTime() + LIFETIME_HOURS * 3_600_000),
    nextCheckAt: new Date(now.getTime() + OPENING_LEASE_MS),
    createdAt: now,
    updatedAt: now,
  }
}

/** A repeat waits for the first request's answer; where that answer never came, it asks in its stead. */
async function repeat(
  { db, opening }: Deps,
  tenantId: string,
  id: string,
  requestId: string,
): Promise<readonly Problem[]> {
  const find = () => db.prisma.checkout.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  for (let waited = 0; waited < REPEAT_WAITS_MS; waited += REPEAT_LOOKS_EVERY_MS) {
    const checkout = await find()
    if (isInDoubt(checkout.status)) return opening.open(checkout, { requestId })
    if (wasRefused(checkout)) return [{ code: 'PROVIDER_REFUSED', message: checkout.reason ?? 'refused' }]
    if (!isBeingOpened(checkout.status)) return []
    await sleep(REPEAT_LOOKS_EVERY_MS)
  }
  return opening.open(await find(), { requestId })
}

/**
 * Ends a checkout that nobody has begun to pay. Where the provider cannot withdraw the link, money that still comes over
 * it is booked, as PAID_LATE.
 */
async function cancelCheckout({ db, clocks }: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(CheckoutId, input)
  const { actor } = call
  const now = await clocks.now(actor)
  return transactOnce(db, call, now, id, async (work) => {
    await work.lock('checkout', id)
    const checkout = await work.tx.checkout.findFirst({ where: visible(actor, id) })
    if (!checkout) throw notFound('Checkout', ['id'])
    await applyToCheckout(work, checkout, { noun: 'CHECKOUT', decision: 'CANCEL' })
  })
}

/** Test mode: does what the customer would do on the page, over the simulator's wire. */
async function simulateCheckout({ db, clocks, registry }: Deps, call: Call, input: unknown): Promise<Done> {
  const { id, outcome, currency, customer } = validate(SimulateCheckout, input)
  const { actor } = call
  const checkout = await db.prisma.checkout.findFirst({ where: visible(actor, id) })
  if (!checkout) throw notFound('Checkout', ['id'])
  const connected = await registry.connected(actor.tenantId, checkout.provider)
  const simulation = simulatorOf(checkout.provider, connected, actor.mode, ['id'])
  if (checkout.externalId === null) throw invalidState(`The checkout is ${checkout.status}`, ['id'])
  const { externalId } = checkout
  return actOnce(db, call, {
    at: await clocks.now(actor),
    subjectId: id,
    ask: async ({ actId }) => void (await simulation.play(actId, externalId, outcome, { currency, customer })),
  })
}

/** What is sold and to whom. @throws DomainError NOT_FOUND for every id that is none of the actor's. */
async function itemOf(
  tx: Transaction,
  actor: Actor,
  { productId, customerId, item }: WantedCheckoutInput,
): Promise<Item> {
  const mine = ownerOf(actor)
  const visible = { tenantId: actor.tenantId, deletedAt: null, ...(mine !== null && { userId: mine }) }
  const product = productId && (await tx.product.findFirst({ where: { ...visible, id: productId } }))
  const customer = customerId && (await tx.customer.findFirst({ where: { ...visible, id: customerId } }))
  const [unknown, ...others] = [
    ...(productId && !product ? notFound('Product', ['productId']).problems : []),
    ...(customerId && !customer ? notFound('Customer', ['customerId']).problems : []),
  ]
  if (unknown) throw new DomainError(unknown, ...others)
  if (!product) return item as NonNullable<typeof item>
  if (!product.active) throw invalidState('The product is not active', ['productId'])
  const { name, description, priceMinor } = product
  return { name, description, price: money(priceMinor, currency(product.currency)) }
}

function visible(actor: Actor, id: string) {
  const mine = ownerOf(actor)
  return { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
}

function refuseUnsupported(provider: Able<'checkouts'>, wanted: WantedCheckoutInput, currency: string): void {
  const { kinds, currencies, periodDays } = provider.checkouts
  if (!kinds.includes(wanted.kind)) {
    throw unsupported(`${provider.name} does not support checkouts of the kind ${wanted.kind}`)
  }
  if (!currencies.includes(currency)) {
    const message = `${provider.name} accepts only prices in ${currencies.join(', ')}`
    const field = wanted.productId ? ['productId'] : ['item', 'price', 'currency']
    throw new DomainError({ code: 'CURRENCY_MISMATCH', message, field })
  }
  const days = wanted.frequency && secondsOf(wanted.frequency) / DAY_SECONDS
  if (periodDays && days !== undefined && (days < periodDays.least || days > periodDays.most)) {
    const message = `${provider.name} bills every ${periodDays.least} to ${periodDays.most} days, and a month is 30 of them`
    throw new DomainError({ code: 'OUT_OF_RANGE', message, field: ['frequency'] })
  }
}

function unsupported(message: string): DomainError {
  return new DomainError({ code: 'UNSUPPORTED', message, field: ['kind'] })
}

/** Products are kept for every provider; what they are called may be too short for the one that is to sell them. */
function refuseShortText({ name, checkouts }: Able<'checkouts'>, { productId }: WantedCheckoutInput, item: Item) {
  const { leastTextLength: least = 1 } = checkouts
  const short = (['name', 'description'] as const).filter((part) => [...item[part]].length < least)
  const [first, ...others] = short.map((part): Problem => {
    const message = `${name} takes a product's ${part} of ${least} characters at least`
    return { code: 'TOO_SHORT', message, field: productId ? ['productId'] : ['item', part] }
  })
  if (first) throw new DomainError(first, ...others)
}
