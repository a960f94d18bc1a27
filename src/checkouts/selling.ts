import { pricesOf } from '../catalog/prices.ts'
import type { Transaction } from '../db/database.ts'
import type { ProductRow } from '../db/rows.ts'
import { type Actor, ownerOf } from '../kernel/actor.ts'
import { currency } from '../kernel/currency.ts'
import { secondsOf } from '../kernel/duration.ts'
import { DomainError, invalidState, notFound, type Problem } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { formatDecimal, MAX_MINOR, type Money } from '../kernel/money.ts'
import type { Able } from '../providers/registry.ts'
import type { WantedCheckoutInput } from './checkout.ts'
import { type WantedItem, wantedItems } from './line-input.ts'
import { kept, type LineItem, type Lines, subtotalMinor, sumMinor, summaryOf, totalMinor } from './lines.ts'

/** What a checkout sells and to whom, and whether that can be sold. */

const DAY_SECONDS = 86_400
/** Each list of checkouts and each of their events carries the lines. */
const TEXT_AT_MOST = 65_536

/**
 * The lines that are asked for, with each product as it is at this moment.
 * @throws DomainError NOT_FOUND for every id that is none of the actor's, or what else is wrong with the lines
 */
export async function linesFor(tx: Transaction, actor: Actor, wanted: WantedCheckoutInput): Promise<Lines> {
  const { customerId, discounts = [], taxes = [] } = wanted
  const items = wantedItems(wanted)
  const mine = ownerOf(actor)
  const visible = { tenantId: actor.tenantId, deletedAt: null, ...(mine !== null && { userId: mine }) }
  const productIds = items.flatMap(({ productId }) => (productId === undefined ? [] : [productId]))
  const found =
    productIds.length > 0 ? await tx.product.findMany({ where: { ...visible, id: { in: productIds } } }) : []
  const products = new Map(found.map((product) => [product.id, product]))
  const customer = customerId && (await tx.customer.findFirst({ where: { ...visible, id: customerId } }))
  throwAll([
    ...items.flatMap(({ productId, path }) =>
      productId === undefined || products.has(productId) ? [] : notFound('Product', [...path, 'productId']).problems,
    ),
    ...(customerId && !customer ? notFound('Customer', ['customerId']).problems : []),
  ])
  const lines = { items: items.map((item) => lineFrom(item, products, wanted.currency)), discounts, taxes }
  throwAll(currencyProblems(lines, items, wanted.currency))
  throwAll(totalProblems(lines))
  return lines
}

function lineFrom(wanted: WantedItem, products: ReadonlyMap<string, ProductRow>, code: string | undefined): LineItem {
  const { productId, description, quantity = 1, metadata = {}, path } = wanted
  const product = productId === undefined ? undefined : products.get(productId)
  if (!product) {
    const { name, price } = wanted
    if (name === undefined || price === undefined) throw new Error('an item without a product has a name and a price')
    return { name, description, price, quantity, metadata }
  }
  if (!product.active) throw invalidState('The product is not active', [...path, 'productId'])
  return {
    productId: product.id,
    name: product.name,
    description: description ?? product.description,
    price: priceIn(product, code),
    quantity,
    metadata,
  }
}

/** The price in the currency that is wished for, or else the default. */
function priceIn(product: ProductRow, code: string | undefined): Money {
  const prices = pricesOf(product)
  const found = code === undefined ? prices[0] : prices.find((each) => each.currency.code === code)
  if (found) return found
  const codes = prices.map((each) => each.currency.code).join(', ')
  const message = `The product ${encodeId('Product', product.id)} has no price in ${code}: its prices are in ${codes}`
  throw new DomainError({ code: 'CURRENCY_MISMATCH', message, field: ['currency'] })
}

function currencyProblems(
  { items, discounts, taxes }: Lines,
  wanted: readonly WantedItem[],
  code: string | undefined,
): Problem[] {
  const first = code ?? items[0]?.price.currency.code
  const rule = code === undefined ? 'have the currency of the first' : 'have its currency'
  const amounts = [
    ...items.map(({ price, productId }, index) => {
      const part = productId === undefined ? ['price', 'currency'] : ['productId']
      return { amount: price, field: [...(wanted[index]?.path ?? []), ...part] }
    }),
    ...discounts.map(({ amount }, index) => ({ amount, field: ['discounts', String(index), 'amount', 'currency'] })),
    ...taxes.map(({ amount }, index) => ({ amount, field: ['taxes', String(index), 'amount', 'currency'] })),
  ]
  return amounts.flatMap(({ amount: { currency }, field }): Problem[] => {
    const message = `All lines of a checkout ${rule}, ${first}: this one is in ${currency.code}`
    return currency.code === first ? [] : [{ code: 'CURRENCY_MISMATCH', message, field }]
  })
}

function totalProblems(lines: Lines): Problem[] {
  const [subtotal, discount, total] = [subtotalMinor(lines), sumMinor(lines.discounts), totalMinor(lines)]
  const shown = (minor: bigint) => {
    const { code, exponent } = lines.items[0]?.price.currency ?? currency('USD')
    return `${formatDecimal(minor, exponent)} ${code}`
  }
  if (discount > subtotal) {
    const message = `The discounts of ${shown(discount)} are more than the items of ${shown(subtotal)}`
    return [{ code: 'OUT_OF_RANGE', message, field: ['discounts'] }]
  }
  if (total <= 0n) return [{ code: 'OUT_OF_RANGE', message: 'The total must be above zero', field: ['items'] }]
  if (total > MAX_MINOR) return [{ code: 'OUT_OF_RANGE', message: 'The total is too large', field: ['items'] }]
  if (JSON.stringify(kept(lines) ?? null).length <= TEXT_AT_MOST) return []
  const message = `The names, descriptions and metadata of all lines must have at most ${TEXT_AT_MOST} characters together, as JSON`
  return [{ code: 'TOO_LONG', message, field: ['items'] }]
}

/** What is asked for of the lines, as the checkout keeps it. */
export function linesData(lines: Lines) {
  const [item] = lines.items
  if (!item) throw new Error('a checkout sells something')
  const { name, description } = summaryOf(lines)
  return {
    // Of several things none is the one that is sold.
    productId: lines.items.length === 1 ? item.productId : undefined,
    itemName: name,
    itemDescription: description,
    priceMinor: totalMinor(lines).toString(),
    currency: item.price.currency.code,
    lines: kept(lines) as object | undefined,
  }
}

/** @throws DomainError where the provider does not sell such a thing */
export function refuseUnsupported(provider: Able<'checkouts'>, wanted: WantedCheckoutInput, lines: Lines): void {
  const { kinds, currencies, periodDays } = provider.checkouts
  if (!kinds.includes(wanted.kind)) {
    throw unsupported(`${provider.name} does not support checkouts of the kind ${wanted.kind}`)
  }
  const code = lines.items[0]?.price.currency.code
  if (code === undefined || !currencies.includes(code)) {
    const message = `${provider.name} accepts only prices in ${currencies.join(', ')}`
    throw new DomainError({ code: 'CURRENCY_MISMATCH', message, field: firstField(wanted, ['price', 'currency']) })
  }
  refuseHighPrice(provider, wanted, lines)
  const days = wanted.frequency && secondsOf(wanted.frequency) / DAY_SECONDS
  if (periodDays && days !== undefined && (days < periodDays.least || days > periodDays.most)) {
    const message = `${provider.name} bills every ${periodDays.least} to ${periodDays.most} days, and a month is 30 of them`
    throw new DomainError({ code: 'OUT_OF_RANGE', message, field: ['frequency'] })
  }
  refuseShortText(provider, wanted, lines)
}

export function unsupported(message: string): DomainError {
  return new DomainError({ code: 'UNSUPPORTED', message, field: ['kind'] })
}

function refuseHighPrice({ name, checkouts }: Able<'checkouts'>, wanted: WantedCheckoutInput, lines: Lines): void {
  const unit = lines.items[0]?.price.currency
  if (!unit || checkouts.highestPrice === undefined) return
  if (totalMinor(lines) <= checkouts.highestPrice * 10n ** BigInt(unit.exponent)) return
  const message = `${name} takes ${checkouts.highestPrice} ${unit.code} at most`
  const field = wantedItems(wanted).length > 1 ? ['items'] : firstField(wanted, ['price', 'amount'])
  throw new DomainError({ code: 'OUT_OF_RANGE', message, field })
}

/** Products are kept for every provider; what they are called may be too short for the one that is to sell them. */
function refuseShortText({ name, checkouts }: Able<'checkouts'>, wanted: WantedCheckoutInput, lines: Lines): void {
  const { leastTextLength: least = 1 } = checkouts
  const told = summaryOf(lines)
  const [item] = wantedItems(wanted)
  const isNameAlone = item?.productId === undefined && item?.description === undefined
  const parts = isNameAlone ? (['name'] as const) : (['name', 'description'] as const)
  const short = parts.filter((part) => [...told[part]].length < least)
  throwAll(
    short.map((part) => ({
      code: 'TOO_SHORT',
      message: `${name} takes a product's ${part} of ${least} characters at least`,
      field:
        part === 'description' && item?.description !== undefined ? [...item.path, part] : firstField(wanted, [part]),
    })),
  )
}

/** A part of the first item that is asked for, or the product that it is. */
function firstField(wanted: WantedCheckoutInput, part: readonly string[]): string[] {
  const [first] = wantedItems(wanted)
  return [...(first?.path ?? []), ...(first?.productId === undefined ? part : ['productId'])]
}

function throwAll([first, ...others]: readonly Problem[]): void {
  if (first) throw new DomainError(first, ...others)
}
