import type { CheckoutRow } from '../db/rows.ts'
import { type Currency, currency } from '../kernel/currency.ts'
import { encodeId } from '../kernel/id.ts'
import { formatDecimal, type Money, money } from '../kernel/money.ts'

/** What a checkout sells, line by line, as it was when the checkout was made. All amounts have one currency. */
export interface Lines {
  readonly items: readonly LineItem[]
  readonly discounts: readonly Adjustment[]
  readonly taxes: readonly Adjustment[]
}

export interface LineItem {
  readonly productId?: string | undefined
  readonly name: string
  readonly description?: string | undefined
  /** Of one. */
  readonly price: Money
  readonly quantity: number
  readonly metadata: Metadata
}

/** A discount, which lowers the total, or a tax, which raises it. Neither is below zero. */
export interface Adjustment {
  readonly name: string
  readonly amount: Money
}

type Metadata = Readonly<Record<string, string | number | boolean>>

/** Lines as a column of JSON: amounts are minor units in decimal text, in the currency of the checkout. */
interface KeptLines {
  readonly items: readonly (Omit<LineItem, 'price'> & { readonly price: string })[]
  readonly discounts: readonly KeptAdjustment[]
  readonly taxes: readonly KeptAdjustment[]
}

interface KeptAdjustment {
  readonly name: string
  readonly amount: string
}

export function totalOfItem({ price, quantity }: Pick<LineItem, 'price' | 'quantity'>): Money {
  return money(price.minor * BigInt(quantity), price.currency)
}

/** What the items come to before discounts and taxes, in minor units. */
export function subtotalMinor({ items }: Lines): bigint {
  return items.reduce((sum, item) => sum + totalOfItem(item).minor, 0n)
}

/** What all of these come to, in minor units. */
export function sumMinor(adjustments: readonly Adjustment[]): bigint {
  return adjustments.reduce((sum, { amount }) => sum + amount.minor, 0n)
}

export function totalMinor(lines: Lines): bigint {
  return subtotalMinor(lines) - sumMinor(lines.discounts) + sumMinor(lines.taxes)
}

/** The lines as they are kept; undefined where the summary of the checkout says all of them. */
export function kept(lines: Lines): KeptLines | undefined {
  const single = singleItem(lines)
  if (single && Object.keys(single.metadata).length === 0 && single.description !== undefined) return undefined
  return {
    items: lines.items.map((item) => ({ ...item, price: item.price.minor.toString() })),
    discounts: lines.discounts.map(keptAdjustment),
    taxes: lines.taxes.map(keptAdjustment),
  }
}

function keptAdjustment({ name, amount }: Adjustment): KeptAdjustment {
  return { name, amount: amount.minor.toString() }
}

export function linesOf(checkout: CheckoutRow): Lines {
  const unit = currency(checkout.currency)
  const lines = checkout.lines as unknown as KeptLines | null
  if (lines === null) return { items: [summaryItem(checkout)], discounts: [], taxes: [] }
  return {
    items: lines.items.map((item) => ({ ...item, price: money(BigInt(item.price), unit) })),
    discounts: lines.discounts.map((each) => adjustmentFrom(each, unit)),
    taxes: lines.taxes.map((each) => adjustmentFrom(each, unit)),
  }
}

function adjustmentFrom({ name, amount }: KeptAdjustment, unit: Currency): Adjustment {
  return { name, amount: money(BigInt(amount), unit) }
}

/** The checkout as one item. */
export function summaryItem(checkout: CheckoutRow): LineItem {
  return {
    ...(checkout.productId !== null && { productId: checkout.productId }),
    name: checkout.itemName,
    description: checkout.itemDescription,
    price: money(checkout.priceMinor, currency(checkout.currency)),
    quantity: 1,
    metadata: {},
  }
}

/** The item of a checkout that sells one piece of one thing and nothing else. */
function singleItem({ items, discounts, taxes }: Lines): LineItem | undefined {
  const [item] = items
  return items.length === 1 && item?.quantity === 1 && discounts.length + taxes.length === 0 ? item : undefined
}

export const NAME_LENGTH = 100
export const DESCRIPTION_LENGTH = 500

/** All lines in the few words for which every provider has room. */
export function summaryOf(lines: Lines): { readonly name: string; readonly description: string } {
  const single = singleItem(lines)
  if (single) return { name: single.name, description: single.description ?? single.name }
  return { name: nameOf(lines), description: listed(lines) }
}

/** `T-shirt and 2 more` */
function nameOf({ items }: Lines): string {
  const more = items.length > 1 ? ` and ${items.length - 1} more` : ''
  const first = items[0] ? counted(items[0]) : ''
  return `${cut(first, NAME_LENGTH - more.length)}${more}`
}

/** `2 × T-shirt: 39.98 USD`, `Spring sale: −5.00 USD`: a line for each, as far as there is room. */
function listed({ items, discounts, taxes }: Lines): string {
  const texts = [
    ...items.map((item) => `${counted(item)}: ${decimal(totalOfItem(item))}`),
    ...discounts.map(({ name, amount }) => `${name}: −${decimal(amount)}`),
    ...taxes.map(({ name, amount }) => `${name}: ${decimal(amount)}`),
  ]
  for (let shown = texts.length; shown > 0; shown--) {
    const rest = shown < texts.length ? `\nand ${texts.length - shown} more` : ''
    const text = texts.slice(0, shown).join('\n') + rest
    if (text.length <= DESCRIPTION_LENGTH) return text
  }
  return cut(texts[0] ?? '', DESCRIPTION_LENGTH)
}

function counted({ name, quantity }: LineItem): string {
  return quantity === 1 ? name : `${quantity} × ${name}`
}

function decimal({ minor, currency: { code, exponent } }: Money): string {
  return `${formatDecimal(minor, exponent)} ${code}`
}

/** No letter is cut in two. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text
  let kept = ''
  for (const letter of text) {
    if (kept.length + letter.length >= length) break
    kept += letter
  }
  return `${kept.trimEnd()}…`
}

/** The lines as events and webhooks show them. */
export function linesObject(lines: Lines) {
  return {
    items: lines.items.map((item) => ({
      product: item.productId ? encodeId('Product', item.productId) : null,
      name: item.name,
      description: item.description ?? null,
      price: shown(item.price),
      quantity: item.quantity,
      total: shown(totalOfItem(item)),
      metadata: item.metadata,
    })),
    discounts: lines.discounts.map(({ name, amount }) => ({ name, amount: shown(amount) })),
    taxes: lines.taxes.map(({ name, amount }) => ({ name, amount: shown(amount) })),
  }
}

function shown({ minor, currency: { code } }: Money): object {
  return { minor: minor.toString(), currency: code }
}
