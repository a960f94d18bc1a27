import { builder } from '../builder.ts'
import { actorOf } from '../context.ts'
import { AccountRef, LedgerTransactionRef } from '../refs.ts'
import type { Proof } from '../services.ts'
import { accounts } from './account.ts'
import { entries } from './entry.ts'
import { entryStats } from './ledger-stats.ts'
import { ledgerTransactions } from './ledger-transaction-list.ts'
import { moment, momentField } from './moment.ts'
import { MoneyRef } from './money.ts'

const LedgerBreak = builder.objectRef<Proof['breaks'][number]>('LedgerBreak').implement({
  description: 'An inconsistency in the ledger.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'The kind of the inconsistency, e.g. suspense_differs.' }),
    message: t.exposeString('message', { description: 'A description of the inconsistency for people.' }),
    account: t.field({
      type: AccountRef,
      nullable: true,
      description: 'The account that is inconsistent. Null when the inconsistency does not concern one account.',
      resolve: ({ accountId }, _args, { loaders }) => loaders.linked('account', accountId ?? null),
    }),
    transaction: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description:
        'The ledger transaction that is inconsistent. Null when the inconsistency does not concern one transaction.',
      resolve: ({ transactionId }, _args, { loaders }) => loaders.linked('ledger_transaction', transactionId ?? null),
    }),
  }),
})

const LedgerProofRef = builder.objectRef<Proof>('LedgerProof').implement({
  description:
    'The result of verifying the ledger: that entries sum to zero, that balances equal the sum of their entries, and that every change of money has its event and its posting.',
  fields: (t) => ({
    balanced: t.exposeBoolean('balanced', { description: 'Whether no inconsistency was found.' }),
    accountsChecked: t.exposeInt('accountsChecked', { description: 'The number of accounts that were verified.' }),
    entriesChecked: t.field({
      type: 'BigInt',
      description: 'The number of entries that were verified.',
      resolve: ({ entriesChecked }) => entriesChecked,
    }),
    breaks: t.field({
      type: [LedgerBreak],
      description: 'The inconsistencies that were found. At most the first 100.',
      resolve: ({ breaks }) => [...breaks],
    }),
    head: t.exposeString('head', {
      description:
        'The hash of the latest link of the hash chain over all postings. Two ledgers with the same hash have the same postings. New postings are added to the chain within a second.',
    }),
    checkedAt: t.field({
      ...momentField(t),
      description: 'When the ledger was verified.',
      resolve: (proof, args, context) => moment(proof.checkedAt, args, context),
    }),
  }),
})

/** Verifying reads every entry. */
/** It reads every entry of the tenant: as much as two full pages of everything. */
const PROOF_COST = 2_000
/** It sums what every account has. */
const TOTALS_COST = 200

const Ledger = builder.objectRef<{ tenantId: string }>('Ledger').implement({
  description: 'The ledger of the organization, in the mode of the key.',
  fields: (t) => ({
    accounts: t.field({
      ...accounts.field(t),
      description: 'The accounts, newest first.',
      resolve: (_ledger, args, context) => accounts.open(context, args),
    }),
    transactions: t.field({
      ...ledgerTransactions.field(t),
      description: 'The ledger transactions, newest first.',
      resolve: (_ledger, args, context) => ledgerTransactions.open(context, args),
    }),
    entries: t.field({
      ...entries.field(t),
      description: 'The entries, newest first.',
      resolve: (_ledger, args, context) => entries.open(context, args),
    }),
    totals: t.field({
      type: [MoneyRef],
      description: 'The money that came into the ledger minus the money that left it, one amount for each currency.',
      complexity: TOTALS_COST,
      resolve: async ({ tenantId }, _args, { app }) => [...(await app.ledger.totals(tenantId))],
    }),
    stats: t.field({
      ...entryStats(t),
      description: 'The sums of entries, by group.',
    }),
    proof: t.field({
      type: LedgerProofRef,
      description: 'Verifies the ledger and returns the result. This reads the whole ledger.',
      complexity: PROOF_COST,
      resolve: ({ tenantId }, _args, { app }) => app.ledger.proof(tenantId),
    }),
  }),
})

builder.queryField('ledger', (t) =>
  t.field({
    type: Ledger,
    description: 'The ledger of the organization, in the mode of the key.',
    authScopes: { manager: true },
    resolve: (_root, _args, context) => ({ tenantId: actorOf(context).tenantId }),
  }),
)
