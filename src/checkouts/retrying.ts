import type { Database } from '../db/database.ts'
import { type Call, type Done, ownerOf } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { notFound } from '../kernel/errors.ts'
import { validate } from '../kernel/validate.ts'
import type { Registry } from '../providers/registry.ts'
import { transactOnce } from '../work/work.ts'
import { applyToCheckout } from './apply.ts'
import { CheckoutId, endedUnpaid, isBeingOpened } from './checkout.ts'
import type { CheckoutOpening } from './opening.ts'
import { takeReference } from './references.ts'

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly opening: CheckoutOpening
}

/**
 * Gives a checkout that is not paid a page that can be paid: the one that it has, where that can be paid again, or else
 * another one. Money that comes over an earlier page is booked all the same.
 * @throws DomainError INVALID_STATE where it is paid, is being paid, or money came in for it
 */
export async function retryCheckout(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, clocks, registry, opening } = deps
  const { id } = validate(CheckoutId, input)
  const { actor } = call
  const { tenantId, requestId } = actor
  const mine = ownerOf(actor)
  const known = await db.prisma.checkout.findFirst({ where: { tenantId, id, ...(mine !== null && { userId: mine }) } })
  if (!known) throw notFound('Checkout', ['id'])
  const provider = await registry.able(tenantId, 'checkouts', known.provider)
  const triesAgain = provider.checkouts.triesAgain === true
  const done = await transactOnce(db, call, await clocks.now(actor), id, async (work) => {
    await work.lock('checkout', id)
    const { status, reference, userId } = await work.tx.checkout.findUniqueOrThrow({
      where: { tenantId_id: { tenantId, id } },
    })
    // Since it had ended, another checkout may have taken its reference.
    if (reference !== null && endedUnpaid(status)) await takeReference(work, userId, reference, id)
    await applyToCheckout(work, { id }, { noun: 'CHECKOUT', decision: 'RETRY', triesAgain })
  })
  // One whose request died, or whose answer was lost, is opened by the next who asks; its page is the same.
  const checkout = await db.prisma.checkout.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  const problems = isBeingOpened(checkout.status)
    ? await opening.open(checkout, { requestId, provider, clock: actor })
    : []
  return { ...done, problems }
}
