import type { Context } from '../context.ts'
import { COINS, findCoin } from '../currencies.ts'
import { type Session, sessions } from '../documents.ts'
import { Fields } from '../fields.ts'
import { payerFrom } from '../play.ts'
import { quote } from '../quotes.ts'
import { canBePaid, isShort } from '../session.ts'
import { authorizationFor, MAX_PERIODS } from '../subscriptions/authorization.ts'
import type { OpenedSession } from './open.ts'

type Form = Readonly<Record<string, string>>

/**
 * Writes down who pays, in what coin and how much they allow, and holds the price for them.
 * @throws ApiError naming the fields that are missing or wrong.
 */
export async function choose(context: Context, opened: OpenedSession, form: Form): Promise<void> {
  const coin = findCoin(Number(form.currencyId)) ?? COINS[0]
  if (!coin) throw new Error('there is no coin to pay with')
  const isRenewal = opened.session.payer && form.email === undefined
  const payer = opened.asksCustomer && !isRenewal ? payerFrom(form) : opened.session.payer
  const authorization = authorizationIn(context, opened.session, form)
  await context.transaction(opened.realm, async (world) => {
    const session = await sessions.lock(world, opened.session.uuid)
    if (!session || !canBePaid(session, opened.now) || isShort(session)) return
    const held = quote(session, coin, opened.now, context.settings)
    await sessions.replace(world, session.uuid, { ...session, payer, quote: held, authorization })
  })
}

/** A form without the fields only asks for a new rate. */
function authorizationIn({ settings }: Context, session: Session, form: Form): Session['authorization'] {
  if (!session.plan || (session.authorization && form.periods === undefined)) return session.authorization
  const fields = new Fields(numbersIn(form))
  const periods = fields.optionalWhole('periods', 0, MAX_PERIODS)
  if (periods === 0) fields.reject('periods', 'must be at least 1', undefined)
  const maximum = session.kind === 'payAsYouGo' ? amountIn(fields, 'maximum') : undefined
  fields.check()
  return authorizationFor(session, { periods, maximum }, settings)
}

/** An amount of USD that somebody typed: a cent at least. '' when it is wrong: not to be used before the check. */
export function amountIn(fields: Fields, key: string): string {
  const amount = fields.price(key)
  return amount !== '' && Number(amount) < 0.01 ? fields.reject(key, 'is less than a cent', '') : amount
}

/** A form's texts as the numbers that they are; what is none stays a text, and will be refused. */
export function numbersIn(form: Form): Record<string, unknown> {
  const entries = Object.entries(form).map(([key, text]) => [key, text.trim() === '' ? '' : (numberOf(text) ?? text)])
  return Object.fromEntries(entries)
}

function numberOf(text: string): number | undefined {
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}
