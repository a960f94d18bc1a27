import { accountService } from '../ledger/accounts.ts'
import { currencyService } from '../ledger/currencies.ts'
import { holdService } from '../ledger/holds.ts'
import { planning } from '../ledger/planning.ts'
import { totals } from '../ledger/proof.ts'
import { postingQueue } from '../ledger/queue.ts'
import { returnService } from '../ledger/returns.ts'
import { sealService } from '../ledger/seal.ts'
import { ledgerStats } from '../ledger/stats.ts'
import { transactionService } from '../ledger/transactions.ts'
import { proofService } from '../reconciliation/proof.ts'
import type { Base } from './base.ts'

/** The ledger: accounts, what is posted on them, and the proof of it. */
export function bookParts(base: Base) {
  const { db, clock } = base
  const currencies = currencyService(base)
  const given = { ...base, currencies, plan: planning({ ...base, currencies }) }
  return {
    currencies,
    accounts: accountService(given),
    transactions: transactionService({ ...given, queue: postingQueue(db, clock) }),
    holds: holdService(given),
    returns: returnService(given),
    ledger: {
      ...sealService(base),
      ...proofService(base),
      totals: (tenantId: string) => totals(db, tenantId),
      ...ledgerStats(db),
    },
  }
}
