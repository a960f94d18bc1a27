import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { TransactionState } from '../db/generated/enums.ts'
import type { CheckoutRow } from '../db/rows.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { currency } from '../kernel/currency.ts'
import { invalidState, notFound, type Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import type { Guard } from '../outbound/guard.ts'
import { refuseAddress } from '../outbound/refusal.ts'
import { actOnce } from '../providers/act-once.ts'
import { type CapabilityService, capabilityFor } from '../providers/capabilities.ts'
import { lacking, ProviderRefused } from '../providers/errors.ts'
import type { Registry } from '../providers/registry.ts'
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
import { wantedItems } from './line-input.ts'
import type { Lines } from './lines.ts'
import type { CheckoutOpening } from './opening.ts'
import { takeReference } from './references.ts'
import { retryCheckout } from './retrying.ts'
import { linesData, linesFor, refuseUnsupported, unsupported } from './selling.ts'

/** How long the request that makes a checkout may take before reconciliation takes it over. */
const OPENING_LEASE_MS = 60_000
/** A second page at the provider does no harm, since the first answer that is recorded stands; a long wait does. */
const REPEAT_WAITS_MS = 3_000
const REPEAT_LOOKS_EVERY_MS = 50

const UNDER_WAY: readonly TransactionState[] = ['CREATED', 'WAITING_CONFIRMATION']
const ATTEMPT_UNDER_WAY = 'The attempt before is still under way: try again in a moment'

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly capabilities: CapabilityService
  readonly opening: CheckoutOpening
  readonly addresses: Pick<Guard, 'check'>
  readonly log: Logger
}

export function checkoutService(deps: Deps) {
  return bound(deps, {
    create: createCheckout,
    cancel: cancelCheckout,
    retry: retryCheckout,
    simulate: simulateCheckout,
  })
}

/**
 * Opens a hosted page to be paid through. The checkout is kept before the provider is asked, and its id is what the
 * provider is asked with. A refusal gives a FAILED checkout, a lost answer an UNKNOWN one, each with a problem.
 */
async function createCheckout(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, clocks, capabilities, opening } = deps
  const wanted = validate(CreateCheckout, input)
  refuseAddress(deps.addresses, wanted.webhookUrl, 'webhookUrl')
  const { actor } = call
  const provider = await providerFor(deps, actor, wanted)
  const needed = capabilityFor(wanted.kind)
  const lacked = needed && (await capabilities.lacks(provider, needed)) ? needed : undefined
  const now = await clocks.now(actor)
  const id = newId()
  let made: CheckoutRow | undefined
  const done = await transactOnce(db, call, now, id, async (work) => {
    const lines = await linesFor(work.tx, actor, wanted)
    if (lacked) throw unsupported(lacking(provider.name, lacked))
    refuseUnsupported(provider, wanted, lines)
    if (wanted.reference !== undefined) await takeReference(work, ownerOf(actor), wanted.reference, id)
    const whose = { tenantId: actor.tenantId, id, provider: provider.name, userId: ownerOf(actor) }
    made = await work.tx.checkout.create({ data: { ...whose, ...wantedData(wanted, lines, now) } })
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
  const { kind, provider } = wanted
  if (provider !== undefined) registry.adapterFor(provider)
  const [first] = wantedItems(wanted)
  const productId = first?.productId
  const connected = await registry.all(tenantId)
  const isChoice = connected.length > 1
  const product = productId && isChoice && (await db.prisma.product.findFirst({ where: { tenantId, id: productId } }))
  const currency = wanted.currency ?? (product ? product.currency : first?.price?.currency.code)
  const choice = chooseProvider(connected, { kind, currency, provider })
  if (isChoice) log.info({ tenantId, provider: choice.provider.name, reason: choice.reason }, 'a provider was chosen')
  return choice.provider
}

/** What is asked for, as it is kept. */
function wantedData(wanted: WantedCheckoutInput, lines: Lines, now: Date) {
  const data = linesData(lines)
  return {
    ...data,
    kind: wanted.kind,
    reference: wanted.reference,
    metadata: wanted.metadata ?? {},
    customerId: wanted.customerId,
    successUrl: wanted.successUrl,
    cancelUrl: wanted.cancelUrl,
    webhookUrl: wanted.webhookUrl,
    ...termsData(wanted, currency(data.currency)),
    expiresInSeconds: wanted.expiresIn,
    expiresAt: new Date(now.getTime() + (wanted.expiresIn ?? LIFETIME_HOURS * 3_600) * 1_000),
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
    ask: async ({ actId }) => {
      await simulation.play(actId, externalId, outcome, { currency, customer }).catch(async (error) => {
        if (!(error instanceof ProviderRefused)) throw error
        const found = await connected.status?.lookup(externalId, checkout.kind)
        throw found && UNDER_WAY.includes(found.state) ? invalidState(ATTEMPT_UNDER_WAY, ['id']) : error
      })
      return undefined
    },
  })
}

function visible(actor: Actor, id: string) {
  const mine = ownerOf(actor)
  return { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
}
