import { nextNumber, type World } from '../../store.ts'
import type { TaskHandler } from '../../tasks.ts'
import { usdOf } from '../usd.ts'
import { type ClaimFunds, claimFunds, earnings } from './documents.ts'

export const CLAIM_FUNDS_TASK = 'claimFunds'

const HOUR_MS = 60 * 60 * 1_000

/** The next full hour after a moment. */
export function nextHour(at: Date): Date {
  return new Date((Math.floor(at.getTime() / HOUR_MS) + 1) * HOUR_MS)
}

/** Puts what is held for a user into a row of what is owed to them; undefined when nothing is. */
export async function collectFunds(world: World, userId: number, at: Date): Promise<ClaimFunds | undefined> {
  const held = await earnings.lock(world, String(userId))
  if (!held || BigInt(held.cents) <= 0n) return undefined
  await earnings.replace(world, String(userId), { userId, cents: '0' })
  const id = await nextNumber(world)
  const totalAmountOwed = usdOf(BigInt(held.cents))
  const row = { id, userId, totalAmountOwed, funded: false, createdAt: at.toISOString() }
  await claimFunds.insert(world, String(id), row)
  return row
}

/** The organization pays what it owes a user; answers how many rows that settles. */
export async function settleFunds(world: World, userId: number): Promise<number> {
  const rows = (await claimFunds.list(world, { where: { userId, funded: false } })) ?? []
  for (const row of rows) await claimFunds.replace(world, String(row.id), { ...row, funded: true })
  return rows.length
}

/** The server's look at the full hour after a claim. */
export const claimFundsTask: TaskHandler = {
  change: async (world, { subject, dueAt }) => void (await collectFunds(world, Number(subject), dueAt)),
}

export function claimFundsView({ userId, totalAmountOwed, funded, createdAt }: ClaimFunds): object {
  return { userId, totalAmountOwed: Number(totalAmountOwed), funded, test: true, createdAt }
}
