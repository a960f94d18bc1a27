import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { ProductRow } from '../db/rows.ts'
import type { PRODUCT } from '../events/objects/sales.ts'
import type { ObjectOf } from '../events/shape.ts'
import { encodeId } from '../kernel/id.ts'
import { id, metadata, optional, reference, text } from '../kernel/input.ts'
import { checkPrices, PRICES, pricesData, pricesOf } from './prices.ts'

/**
 * What is sold. The characters are those that every provider takes, so that a product can be sold through each. A provider
 * may want more characters than the one that is enough here.
 */

const UNSELLABLE = /[<>{}[\]`\\|;"~^]|(?![\n\r\t])\p{Cc}/u
const sellable = (value: string) => !UNSELLABLE.test(value)
/** Of names and descriptions, for people to read. */
export const SELLABLE_RULE = 'without control characters and <>{}[]`\\|;"~^, which not every provider takes'
const unsellable = 'must not contain control characters or any of <>{}[]`\\|;"~^'

export const itemName = text(100).refine(sellable, unsellable)
export const itemDescription = text(500).refine(sellable, unsellable)

const NewProduct = z
  .object({
    name: itemName,
    description: itemDescription,
    ...PRICES,
    reference: optional(reference.refine((value) => !value.includes('/'), 'must not contain /')),
    metadata: optional(metadata),
  })
  .superRefine(checkPrices)

/** Without any price the one that is the short form is missing. */
export const CreateProduct = z.preprocess(
  (value: Record<string, unknown>) => (value.prices ? value : { ...value, price: value.price ?? {} }),
  NewProduct,
)

export const UpdateProduct = z
  .object({
    id: id('Product'),
    name: optional(itemName),
    description: optional(itemDescription),
    ...PRICES,
    active: optional(z.boolean()),
    metadata: metadata.nullish(),
  })
  .superRefine(checkPrices)

export const ProductId = z.object({ id: id('Product') })

/** What a change makes different of a product. Only its metadata can be taken out, by null. */
export function changesOf(before: ProductRow, wanted: z.output<typeof UpdateProduct>) {
  const { id: _id, price, prices, metadata, ...rest } = wanted
  const priced = pricesData({ price, prices }, before)
  const given = {
    ...rest,
    ...priced,
    ...(metadata !== undefined && { metadata: metadata ?? {} }),
  }
  const kept = { ...before, priceMinor: before.priceMinor.toString() }
  const isNew = ([key, value]: [string, unknown]) =>
    value !== undefined && !isDeepStrictEqual(value, kept[key as keyof ProductRow])
  return Object.fromEntries(Object.entries(given).filter(isNew)) as Partial<typeof given>
}

/** The product as events and webhooks show it. */
export function productObject(product: ProductRow): ObjectOf<typeof PRODUCT> {
  return {
    id: encodeId('Product', product.id),
    reference: product.reference,
    name: product.name,
    description: product.description,
    price: { minor: product.priceMinor.toString(), currency: product.currency },
    prices: pricesOf(product).map(({ minor, currency }) => ({
      price: { minor: minor.toString(), currency: currency.code },
    })),
    active: product.active,
    metadata: product.metadata,
  }
}
