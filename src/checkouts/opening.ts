import type { Database } from '../db/database.ts'
import type { CheckoutRow, CustomerRow, ProductRow } from '../db/rows.ts'
import type { ClockReading, Clocks } from '../kernel/clock.ts'
import { currency } from '../kernel/currency.ts'
import type { Problem } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { money } from '../kernel/money.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import { ProviderError, ProviderRefused, problemFrom } from '../providers/errors.ts'
import { linkedReference } from '../providers/links.ts'
import type { OpenedCheckout, OpeningFact, Reference } from '../providers/port/facts.ts'
import type { Able, Registry } from '../providers/registry.ts'
import { termsOf } from '../subscriptions/terms.ts'
import { transact } from '../work/work.ts'
import { applyToCheckout } from './apply.ts'
import { linesOf } from './lines.ts'

/** Who asks for a checkout to be opened. */
interface Asked {
  readonly requestId?: string
  /** Its provider, where that was looked up just now. */
  readonly provider?: Able<'checkouts'>
  /** The tenant's clock, where the request has read it. */
  readonly clock?: ClockReading
}

export type CheckoutOpening = ReturnType<typeof checkoutOpening>

interface Parts {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly capabilities: CapabilityService
  /** Where providers notify us of a connection's things. */
  readonly notifyUrl: (provider: string, connectionId: string) => string
}

export function checkoutOpening(parts: Parts) {
  const { db, clocks, capabilities } = parts

  async function record(checkout: CheckoutRow, opening: OpeningFact['opening'], { requestId, clock }: Asked) {
    const { tenantId, id } = checkout
    const change = { tenantId, at: await clocks.now(clock ?? tenantId), requestId }
    const fact = { noun: 'CHECKOUT', proof: true, session: checkout.session, opening } as const
    await transact(db, change, (work) => applyToCheckout(work, { id }, fact))
  }

  return {
    /**
     * Opens a checkout's page at its provider. An answer that never came leaves it UNKNOWN, and opening it again is
     * how the doubt is resolved. Answers what went wrong, for the caller.
     */
    async open(checkout: CheckoutRow, asked: Asked = {}): Promise<readonly Problem[]> {
      try {
        const asking = () => askProvider(parts, checkout, asked.provider)
        const page = await capabilities.reviewing(checkout.tenantId, checkout.provider, asking)
        await record(checkout, { status: 'OPEN', page: endingAsWanted(checkout, page) }, asked)
        return []
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error
        const problem = problemFrom(error)
        const status = error instanceof ProviderRefused ? 'FAILED' : 'UNKNOWN'
        await record(checkout, { status, reason: problem.message }, asked)
        return [problem]
      }
    },
  }
}

async function askProvider(
  { db, registry, notifyUrl }: Parts,
  checkout: CheckoutRow,
  known: Able<'checkouts'> | undefined,
): Promise<OpenedCheckout> {
  const provider = known ?? (await registry.able(checkout.tenantId, 'checkouts', checkout.provider))
  const product = await productReference(db, provider, checkout)
  const customer = await customerReference(db, provider, checkout)
  const recurring = termsOf(checkout)
  return provider.checkouts.open({
    kind: checkout.kind,
    idempotencyKey: pageId(checkout),
    item: {
      name: checkout.itemName,
      description: checkout.itemDescription,
      price: money(checkout.priceMinor, currency(checkout.currency)),
    },
    lines: linesOf(checkout),
    notifyUrl: notifyUrl(checkout.provider, provider.connectionId),
    ...(recurring && { recurring }),
    ...(checkout.expiresInSeconds !== null && { expiresAt: checkout.expiresAt }),
    ...(product !== undefined && { product }),
    ...(customer !== undefined && { customer }),
    ...(checkout.successUrl !== null && { successUrl: withOurs(checkout.successUrl, checkout) }),
    ...(checkout.cancelUrl !== null && { cancelUrl: withOurs(checkout.cancelUrl, checkout) }),
  })
}

/** Our id of a page: that of its checkout, with the number of every further page. */
function pageId({ id, session }: CheckoutRow): string {
  return session === 1 ? encodeId('Checkout', id) : `${encodeId('Checkout', id)}.${session}`
}

/** A page that would be open for longer than the merchant wants is ended by us at that moment. */
function endingAsWanted({ expiresInSeconds, expiresAt }: CheckoutRow, page: OpenedCheckout): OpenedCheckout {
  const isLonger = expiresInSeconds !== null && (page.expiresAt === undefined || page.expiresAt > expiresAt)
  return isLonger ? { ...page, expiresAt } : page
}

/** What the provider calls the product, if it keeps products; it is made there at its first sale. */
async function productReference(
  db: Database,
  provider: Able<'checkouts'>,
  checkout: CheckoutRow,
): Promise<Reference | undefined> {
  const { products } = provider
  if (!products || checkout.productId === null) return undefined
  const { tenantId, productId: id } = checkout
  const product = await db.prisma.product.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  if (!isSoldAs(product, checkout)) return undefined
  const price = money(product.priceMinor, currency(product.currency))
  // Not the merchant's own reference: that of a deleted product may be another's by now, with another price.
  const reference = encodeId('Product', id)
  const wanted = { reference, name: product.name, description: product.description, price }
  return linkedReference(db, provider, {
    kind: 'Product',
    id,
    userId: product.userId,
    updatedAt: product.updatedAt,
    create: () => products.create(wanted),
    update: (copy) => products.update(copy, wanted),
  })
}

/** A product that was changed meanwhile, or is only a part of what is sold, is sold as an item in its own words. */
function isSoldAs(product: ProductRow, checkout: CheckoutRow): boolean {
  const { name, description } = product
  const { itemName, itemDescription, priceMinor, currency } = checkout
  return (
    product.priceMinor === priceMinor &&
    product.currency === currency &&
    name === itemName &&
    description === itemDescription
  )
}

/** What the provider calls the customer; undefined when its page has to ask for what we do not know. */
async function customerReference(
  db: Database,
  provider: Able<'checkouts'>,
  checkout: CheckoutRow,
): Promise<Reference | undefined> {
  const { customers } = provider
  if (!customers || checkout.customerId === null) return undefined
  const { tenantId, customerId: id } = checkout
  const customer = await db.prisma.customer.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  const wanted = wantedCustomer(customer)
  if (!wanted) return undefined
  return linkedReference(db, provider, {
    kind: 'Customer',
    id,
    userId: customer.userId,
    updatedAt: customer.updatedAt,
    create: () => customers.create(wanted),
    update: (copy) => customers.update(copy, wanted),
  }).catch((error) => {
    // A name that the provider does not take is no reason not to sell: its page asks instead.
    if (error instanceof ProviderRefused) return undefined
    throw error
  })
}

/** The shop finds the checkout again by our id or its own number; the other placeholders are the provider's. */
function withOurs(url: string, { id, reference }: CheckoutRow): string {
  const ours: Readonly<Record<string, string>> = {
    '{{CHECKOUT_ID}}': encodeId('Checkout', id),
    '{{REFERENCE}}': encodeURIComponent(reference ?? ''),
  }
  return url.replace(/\{\{(?:CHECKOUT_ID|REFERENCE)\}\}/g, (placeholder) => ours[placeholder] ?? placeholder)
}

function wantedCustomer({ id, name, lastName, email, phone }: CustomerRow) {
  if (name === '' || lastName === null || email === null) return undefined
  return { reference: encodeId('Customer', id), name, lastName, email, ...(phone !== null && { phone }) }
}
