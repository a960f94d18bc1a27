import { newId } from '../../kernel/id.ts'
import { isObject, URL_RULE, UUID_RULE } from '../fields.ts'
import type { World } from '../store.ts'
import type { Context } from './context.ts'
import { customers, products, type Session, users } from './documents.ts'
import { Fields, productTextRule } from './fields.ts'
import { type Caller, ownerOf, visible } from './keys.ts'
import { planFrom } from './subscriptions/plan-fields.ts'
import { centsOf } from './usd.ts'

/** What a merchant asks a session for. */
export interface Order {
  readonly kind: Session['kind']
  readonly fields: Fields
  /** Where the plan's terms stand; absent for a payment. */
  readonly terms?: Fields
}

/** Reads the older form, whose terms stand in `options`; without them it is a payment. */
export function orderFrom(body: Record<string, unknown>): Order {
  const fields = new Fields(body)
  if (!fields.has('options')) return { kind: 'payment', fields }
  const options = fields.value('options')
  if (!isObject(options)) {
    fields.reject('options', 'must be an object', undefined)
    fields.check()
  }
  const terms = new Fields(isObject(options) ? options : {})
  return { kind: terms.oneOf('subscriptionType', ['subscription', 'payAsYouGo']), fields, terms }
}

/** The session that the request asks for. @throws ApiError naming the fields that are wrong, 404 for an unknown product. */
export async function sessionFrom(
  context: Context,
  caller: Caller,
  { kind, fields, terms }: Order,
  now: Date,
): Promise<Session> {
  const world = context.world(caller.realm)
  const productId = fields.optionalId('productId')
  const inline = productId === undefined ? inlineProduct(fields) : undefined
  const customerUUID = fields.optionalText('customerUUID', UUID_RULE)?.toLowerCase()
  const urls = {
    successUrl: fields.optionalText('successUrl', URL_RULE),
    cancelUrl: fields.optionalText('cancelUrl', URL_RULE),
    webhookUrl: fields.optionalText('webhookUrl', URL_RULE),
  }
  const plan = kind === 'payment' || !terms ? undefined : planFrom(terms, kind)
  terms?.check()
  fields.check()
  const item = inline ?? (await productItem(world, caller, productId ?? 0))
  if (kind !== 'payAsYouGo' && centsOf(item.price) === 0n) {
    fields.reject('price', 'is less than a cent', undefined)
    fields.check()
  }
  return {
    uuid: newId(),
    kind,
    plan,
    ...item,
    ...urls,
    customerUUID: await knownCustomer(world, caller, customerUUID),
    ...(await sellerOf(world, caller)),
    organizationId: caller.organizationId,
    feeBps: context.settings.platformFeeBps,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + context.settings.sessionLifetimeMs).toISOString(),
    history: [],
  }
}

type Item = Pick<Session, 'productId' | 'productName' | 'description' | 'price'>

function inlineProduct(fields: Fields): Item {
  return {
    productName: fields.text('productName', productTextRule(100)),
    description: fields.text('description', productTextRule(500)),
    price: fields.price('price'),
  }
}

async function productItem(world: World, caller: Caller, productId: number): Promise<Item> {
  const { name, description, price } = visible(caller, await products.find(world, String(productId)))
  return { productId, productName: name, description, price }
}

/** A customer that nobody knows is no error: the page will ask who pays. */
async function knownCustomer(world: World, caller: Caller, uuid: string | undefined): Promise<string | undefined> {
  const customer = uuid && (await customers.find(world, uuid))
  return customer && (ownerOf(caller) === undefined || customer.userId === caller.userId) ? customer.uuid : undefined
}

async function sellerOf(
  world: World,
  caller: Caller,
): Promise<Pick<Session, 'userId' | 'userName' | 'organizationFeeBps'>> {
  const userId = ownerOf(caller)
  const user = userId !== undefined && (await users.find(world, String(userId)))
  return user ? { userId, userName: `${user.name} ${user.lastName}`, organizationFeeBps: user.organizationFeeBps } : {}
}
