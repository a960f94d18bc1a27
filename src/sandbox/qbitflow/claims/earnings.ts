import type { World } from '../../store.ts'
import { type Payment, users } from '../documents.ts'
import { centsOf } from '../usd.ts'
import { earnings } from './documents.ts'

/** Keeps a seller's share of a payment for them while their account is unclaimed. */
export async function keepEarning(world: World, payment: Payment): Promise<void> {
  if (await isHeld(world, payment)) await add(world, payment, shareOf(payment))
}

/** Takes it out again when the payment was given back. */
export async function withdrawEarning(world: World, payment: Payment): Promise<void> {
  if (await isHeld(world, payment)) await add(world, payment, -shareOf(payment))
}

/** Whether the organization got the money for the seller: since the claim it goes to the seller's own wallet. */
async function isHeld(world: World, { userId, createdAt }: Payment): Promise<boolean> {
  const user = userId === undefined ? undefined : await users.lock(world, String(userId))
  return user !== undefined && (user.claimedAt === null || createdAt < user.claimedAt)
}

async function add(world: World, { userId = 0 }: Payment, cents: bigint): Promise<void> {
  const before = await earnings.lock(world, String(userId))
  if (!before) return earnings.insert(world, String(userId), { userId, cents: cents.toString() })
  const after = { userId, cents: (BigInt(before.cents) + cents).toString() }
  await earnings.replace(world, String(userId), after)
}

function shareOf({ metadata }: Payment): bigint {
  const { txAmounts } = metadata as { txAmounts: { usd: { merchant: number } } }
  return centsOf(txAmounts.usd.merchant.toFixed(2))
}
