import type { Settings } from './context.ts'
import { COINS, currencyView } from './currencies.ts'
import type { Organization, Session, Status, StatusChange } from './documents.ts'
import { transactionId } from './ids.ts'
import { secondsOf } from './subscriptions/duration.ts'

const FINAL: ReadonlySet<Status> = new Set(['completed', 'failed', 'cancelled', 'expired'])
const ZERO_UUID = '00000000-0000-0000-0000-000000000000'

export const TX_TYPE = {
  payment: 'payment',
  subscription: 'createSubscription',
  payAsYouGo: 'createPAYGSubscription',
} as const

export function isFinal(status: Status): boolean {
  return FINAL.has(status)
}

/**
 * Where the transaction stands; undefined while no payer has acted on a session that still may be paid. A failed attempt
 * ends no session: nobody documents what the provider does with its page after one, and a page that can be paid again is
 * what a customer expects.
 */
export function statusOf(session: Session, now: Date): StatusChange | undefined {
  const last = session.history.at(-1)
  if (now < new Date(session.expiresAt) || (last && last.status !== 'failed')) return last
  return { status: 'expired', at: session.expiresAt, txHash: '' }
}

/** Whether somebody can pay: nobody has yet, or the last attempt has failed. */
export function canBePaid(session: Session, now: Date): boolean {
  const status = statusOf(session, now)?.status
  return status === undefined || status === 'failed'
}

/** Whether money came in for it, and too little: the rest may follow until it expires. */
export function isShort({ plan, attempt }: Session): boolean {
  if (plan || !attempt) return false
  return (attempt.outcome === 'UNDERPAY' || attempt.outcome === 'FAIL') && BigInt(attempt.receivedMinUnits) > 0n
}

/** The session with its expiry in its history, also in the moments before that was written down. */
export function withExpiry(session: Session, now: Date): Session {
  const last = statusOf(session, now)
  return last && last !== session.history.at(-1) ? { ...session, history: [...session.history, last] } : session
}

export function isCloseToExpiry(session: Session, now: Date, settings: Settings): boolean {
  return !session.history.length && new Date(session.expiresAt).getTime() - now.getTime() <= settings.closeToExpiryMs
}

/** A status as the API shows it. */
export function statusView(change: StatusChange, type: string): object {
  return {
    status: change.status,
    txHash: change.txHash,
    ...(change.message ? { message: change.message } : {}),
    type,
  }
}

/** The session as anyone may see it who knows its UUID. */
export function publicView(session: Session, organization: Organization): object {
  return {
    uuid: transactionId(session),
    productId: session.productId,
    productName: session.productName,
    description: session.description,
    price: Number(session.price),
    successUrl: session.successUrl,
    cancelUrl: session.cancelUrl,
    organizationName: organization.name,
    test: true,
    txType: TX_TYPE[session.kind],
    availableCurrencies: COINS.map(currencyView),
    ...planView(session),
  }
}

/** Clients tell the kinds apart by the frequency: seconds for a subscription, an object for what is paid as it goes. */
function planView({ kind, plan }: Session): object {
  if (!plan) return {}
  const { frequency, trialPeriod, minPeriods, freeCredits } = plan
  if (kind === 'payAsYouGo') {
    return { frequency, freeCredits: freeCredits === undefined ? undefined : Number(freeCredits), minPeriods }
  }
  return { frequency: secondsOf(frequency), trialPeriod: trialPeriod && secondsOf(trialPeriod), minPeriods }
}

/** The session as its own organization sees it. */
export function ownerView(session: Session, organization: Organization): object {
  return {
    ...publicView(session, organization),
    webhookUrl: session.webhookUrl,
    organizationId: session.organizationId,
    feeBps: session.feeBps,
    organizationFeeBps: session.organizationFeeBps,
    userId: session.userId,
    userName: session.userName,
    customerUUID: session.customerUUID ?? ZERO_UUID,
  }
}

/** The page that a customer comes back to. */
export function linkOf(publicUrl: string, { uuid }: Pick<Session, 'uuid'>): string {
  return `${publicUrl}/checkout/${uuid}`
}

/** The page on which a customer looks after what they bought. */
export function managementLinkOf(publicUrl: string, { uuid, kind }: Pick<Session, 'uuid' | 'kind'>): string {
  return `${publicUrl}/${kind === 'payment' ? 'payment' : 'subscription'}/${uuid}`
}

/** Where the shop wants the customer after this status; undefined when it said nothing. */
export function returnUrl(session: Session, status: Status): string | undefined {
  const url = status === 'completed' ? session.successUrl : session.cancelUrl
  return url && fillPlaceholders(url, session)
}

/** Inside a query the `@` of an id is percent-encoded; elsewhere it may stand as it is. */
export function fillPlaceholders(url: string, session: Pick<Session, 'uuid' | 'kind'>): string {
  const query = url.indexOf('?')
  return url.replaceAll('{{TRANSACTION_TYPE}}', TX_TYPE[session.kind]).replaceAll('{{UUID}}', (_, offset: number) => {
    const uuid = transactionId(session)
    return query >= 0 && offset > query ? encodeURIComponent(uuid) : uuid
  })
}
