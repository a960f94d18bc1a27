import { builder } from '../builder.ts'
import { actorOf, type Proof } from '../context.ts'
import { AccountRef, LedgerTransactionRef } from '../refs.ts'
import { accounts } from './account.ts'
import { entries } from './entry.ts'
import { entryStats } from './ledger-stats.ts'
import { ledgerTransactions } from './ledger-transaction-list.ts'
import { moment, momentField } from './moment.ts'
import { MoneyRef } from './money.ts'

const LedgerBreak = builder.objectRef<Proof['breaks'][number]>('LedgerBreak').implement({
  description: 'One place where the books contradict themselves.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'What kind of contradiction, by name.' }),
    message: t.exposeString('message', { description: 'The contradiction in words.' }),
    account: t.field({
      type: AccountRef,
      nullable: true,
      description: 'The account that it is in.',
      resolve: ({ accountId }, _args, { loaders }) => loaders.linked('account', accountId ?? null),
    }),
    transaction: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'The ledger transaction that it is in.',
      resolve: ({ transactionId }, _args, { loaders }) => loaders.linked('ledger_transaction', transactionId ?? null),
    }),
  }),
})

const LedgerProofRef = builder.objectRef<Proof>('LedgerProof').implement({
  description: 'What came of verifying the books: sums, balances, and that every change has its fact and its posting.',
  fields: (t) => ({
    balanced: t.exposeBoolean('balanced', { description: 'Whether there is no contradiction.' }),
    accountsChecked: t.exposeInt('accountsChecked', { description: 'How many accounts were verified.' }),
    entriesChecked: t.field({
      type: 'BigInt',
      description: 'How many entries were verified.',
      resolve: ({ entriesChecked }) => entriesChecked,
    }),
    breaks: t.field({
      type: [LedgerBreak],
      description: 'The contradictions, the first hundred of them.',
      resolve: ({ breaks }) => [...breaks],
    }),
    head: t.exposeString('head', {
      description:
        'The hash of the last seal of the chain over the postings: equal heads are equal postings, sealed within a second.',
    }),
    checkedAt: t.field({
      ...momentField(t),
      description: 'When they were verified.',
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
  description: 'The books of the organization, in the mode of the key.',
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
      description: 'What has come in and not gone out, in each currency.',
      complexity: TOTALS_COST,
      resolve: async ({ tenantId }, _args, { app }) => [...(await app.ledger.totals(tenantId))],
    }),
    stats: t.field({
      ...entryStats(t),
      description: 'What the entries of each group come to.',
    }),
    proof: t.field({
      type: LedgerProofRef,
      description: 'Verifies the books, now.',
      complexity: PROOF_COST,
      resolve: ({ tenantId }, _args, { app }) => app.ledger.proof(tenantId),
    }),
  }),
})

builder.queryField('ledger', (t) =>
  t.field({
    type: Ledger,
    description: 'The books of the organization, in the mode of the key.',
    authScopes: { manager: true },
    resolve: (_root, _args, context) => ({ tenantId: actorOf(context).tenantId }),
  }),
)
