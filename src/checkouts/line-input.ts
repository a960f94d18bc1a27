import { z } from 'zod'
import { itemDescription, itemName } from '../catalog/product.ts'
import { amount, id, metadata, optional, price, refuse } from '../kernel/input.ts'
import type { Money } from '../kernel/money.ts'

/** What a request says of the lines of a checkout. */

const QUANTITY_AT_MOST = 1_000_000
export const LINES_AT_MOST = 100

const quantity = z.int().min(1).max(QUANTITY_AT_MOST)

function lineItem(price: typeof amount) {
  return z
    .object({
      productId: optional(id('Product')),
      name: optional(itemName),
      description: optional(itemDescription),
      price: optional(price),
      quantity: optional(quantity),
      metadata: optional(metadata),
    })
    .superRefine(checkLine)
}

interface LineItemInput {
  readonly productId?: string | undefined
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly price?: Money | undefined
  readonly quantity?: number | undefined
  readonly metadata?: z.output<typeof metadata> | undefined
}

/** A product has a name and a price of its own; whatever else is sold needs both. */
function checkLine({ productId, name, price }: LineItemInput, context: z.core.$RefinementCtx): void {
  for (const [field, value] of Object.entries({ name, price })) {
    if (productId === undefined && value === undefined) refuse(context, 'REQUIRED', 'is required', [field])
    if (productId !== undefined && value !== undefined) {
      refuse(context, 'INVALID', 'cannot be combined with `productId`', [field])
    }
  }
}

const adjustments = z.array(z.object({ name: itemName, amount })).max(LINES_AT_MOST)

export const LINES = {
  productId: optional(id('Product')),
  item: optional(lineItem(price)),
  items: optional(z.array(lineItem(amount)).min(1).max(LINES_AT_MOST)),
  discounts: optional(adjustments),
  taxes: optional(adjustments),
}

export interface LinesInput {
  readonly kind: string
  readonly productId?: string | undefined
  readonly item?: LineItemInput | undefined
  readonly items?: readonly LineItemInput[] | undefined
  readonly discounts?: z.output<typeof adjustments> | undefined
  readonly taxes?: z.output<typeof adjustments> | undefined
}

/** An item that is asked for, and where in the request it stands. */
export interface WantedItem extends LineItemInput {
  readonly path: readonly string[]
}

/** The items that are asked for, whichever form the request has. */
export function wantedItems({ productId, item, items }: LinesInput): readonly WantedItem[] {
  if (items) return items.map((each, index) => ({ ...each, path: ['items', String(index)] }))
  if (item) return [{ ...item, path: ['item'] }]
  return [{ productId, path: [] }]
}

const RECURRING = ['SUBSCRIPTION', 'PAY_AS_YOU_GO']

/** What the fields of the lines must be together. */
export function checkLines(wanted: LinesInput, context: z.core.$RefinementCtx): void {
  const { kind, productId, item, items, discounts = [], taxes = [] } = wanted
  const forms = Object.entries({ productId, item, items }).flatMap(([name, form]) => (form === undefined ? [] : [name]))
  const [, second] = forms
  if (forms.length === 0) {
    refuse(context, 'REQUIRED', '`productId`, `item` or `items` is required', ['productId'])
    return
  }
  if (second !== undefined) {
    const named = forms.map((name) => `\`${name}\``).join(' and ')
    refuse(context, 'INVALID', `${named} cannot be combined`, [second])
    return
  }
  const sold = wantedItems(wanted)
  const lines = sold.length + discounts.length + taxes.length
  if (lines > LINES_AT_MOST) {
    refuse(context, 'OUT_OF_RANGE', `A checkout has at most ${LINES_AT_MOST} items, discounts and taxes`, ['items'])
  }
  if (!RECURRING.includes(kind)) return
  const message = `A checkout of the kind ${kind} sells one item of the quantity 1, without discounts and taxes`
  if (sold.length > 1) refuse(context, 'UNSUPPORTED', message, ['items'])
  for (const { path, quantity = 1 } of sold.slice(0, 1)) {
    if (quantity > 1) refuse(context, 'UNSUPPORTED', message, [...path, 'quantity'])
  }
  if (discounts.length > 0) refuse(context, 'UNSUPPORTED', message, ['discounts'])
  if (taxes.length > 0) refuse(context, 'UNSUPPORTED', message, ['taxes'])
}
