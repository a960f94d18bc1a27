import { z } from 'zod'
import type { ClaimFundsRow } from '../db/rows.ts'
import type { CLAIM_FUNDS } from '../events/objects/organization.ts'
import type { ObjectOf } from '../events/shape.ts'
import { encodeId } from '../kernel/id.ts'
import { id, text } from '../kernel/input.ts'

/** A person takes over the account that was made for them, and is owed what it earned. */

export const OfUser = z.object({ userId: id('User') })

export const ClaimFundsId = z.object({ id: id('ClaimFunds') })

const EVM = /^0x[0-9a-fA-F]{40}$/
const SOLANA = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/

/** What the person enters on the page of the invitation. */
export const ClaimForm = z.object({
  payoutAddress: text(64).refine(
    (address) => EVM.test(address) || SOLANA.test(address),
    'must be an address on Ethereum, Base or Solana',
  ),
})

/** What is owed as events and webhooks show it. */
export function claimFundsObject({
  id,
  userId,
  owedMinor,
  currency,
  funded,
}: ClaimFundsRow): ObjectOf<typeof CLAIM_FUNDS> {
  return {
    id: encodeId('ClaimFunds', id),
    user: encodeId('User', userId),
    owed: { minor: owedMinor.toString(), currency },
    funded,
  }
}
