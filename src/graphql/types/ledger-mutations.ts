import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import type { Posted } from '../services.ts'
import { MoneyInput } from './money.ts'

const METADATA = 'Key-value pairs of the merchant: at most 24 keys, each with a string, number or boolean.'

const ChargeInput = builder.inputType('ChargeInput', {
  description: 'The share of one destination in a transaction.',
  fields: (t) => ({
    destinationId: t.id({
      required: true,
      description:
        'The id of the account that receives the share. When its currency differs, the share is converted at the current rate.',
    }),
    subtotal: t.field({
      type: MoneyInput,
      required: true,
      description: "The amount, above zero, in major units of the paying account's currency.",
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
})

const RefundChargeInput = builder.inputType('RefundChargeInput', {
  description: 'The amount that one destination gives back.',
  fields: (t) => ({
    destinationId: t.id({ required: true, description: 'The id of the account that received the money.' }),
    subtotal: t.field({
      type: MoneyInput,
      required: true,
      description:
        "The amount in major units of the paying account's currency: above zero, and at most what this destination has not given back yet.",
    }),
  }),
})

const TRANSACTION = { name: 'transaction', kind: 'LedgerTransaction' } as const

mutation('fundAccount', {
  description:
    'Adds money to an account from outside the ledger. The ledger books the opposite entry on its own account world:<currency>.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    accountId: t.id({ required: true, description: 'The id of the account.' }),
    total: t.field({
      type: MoneyInput,
      required: true,
      description: "The amount, above zero, in major units of the account's currency.",
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The ledger transaction.', row: ({ row }: Posted) => row },
  run: (app, call, input) => app.transactions.fund(call, input),
})

mutation('createTransaction', {
  description: 'Transfers money from one account to one or more accounts. Either all charges are posted or none.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    accountId: t.id({ required: true, description: 'The id of the account that pays.' }),
    total: t.field({
      type: MoneyInput,
      required: true,
      description: 'The total amount in major units. It must be the sum of the charges.',
    }),
    charges: t.field({
      type: [ChargeInput],
      required: true,
      description: 'The share of each destination: 1 to 100 charges.',
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The ledger transaction.', row: ({ row }: Posted) => row },
  run: (app, call, input) => app.transactions.create(call, input),
})

mutation('createHold', {
  description:
    'Reserves money of an account for later charges. The money stays in the balance but cannot be spent, until the hold is completed or declined.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    accountId: t.id({ required: true, description: 'The id of the account that pays.' }),
    total: t.field({
      type: MoneyInput,
      required: true,
      description: 'The total amount in major units. It must be the sum of the charges.',
    }),
    charges: t.field({
      type: [ChargeInput],
      required: true,
      description: 'The share of each destination: 1 to 100 charges.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the hold is declined automatically. The default is never.',
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The hold that was created.' },
  run: (app, call, input) => app.holds.create(call, input),
})

mutation('updateHold', {
  description: 'Changes the amount or the charges of a hold.',
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({
    transactionId: t.id({ required: true, description: 'The id of the hold.' }),
    total: t.field({
      type: MoneyInput,
      required: true,
      description: 'The total amount in major units. It must be the sum of the charges.',
    }),
    charges: t.field({
      type: [ChargeInput],
      description:
        'The share of each destination. May be left out for a hold with one charge, whose amount then follows the total.',
    }),
    metadata: t.field({ type: 'JSON', description: `${METADATA} Replaces the existing metadata.` }),
  }),
  object: { ...TRANSACTION, description: 'The hold after the change.' },
  run: (app, call, input) => app.holds.update(call, input),
})

mutation('completeHold', {
  description: 'Completes a hold: the account pays and each destination receives its charge.',
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({ transactionId: t.id({ required: true, description: 'The id of the hold.' }) }),
  object: { ...TRANSACTION, description: 'The completed ledger transaction. It has the same id as the hold.' },
  run: (app, call, input) => app.holds.complete(call, input),
})

mutation('declineHold', {
  description: 'Declines a hold: the reserved money is available again.',
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({ transactionId: t.id({ required: true, description: 'The id of the hold.' }) }),
  object: { ...TRANSACTION, description: 'The hold after the change.' },
  run: (app, call, input) => app.holds.decline(call, input),
})

mutation('rollbackTransaction', {
  description:
    'Reverses a whole transaction, including its fees, with an INTERNAL transaction of opposite entries. A transaction can be reversed once, and not after a refund.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    transactionId: t.id({ required: true, description: 'The id of the transaction.' }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The reversing transaction. Its `reference` is the reversed transaction.' },
  run: (app, call, input) => app.returns.rollback(call, input),
})

mutation('refundTransaction', {
  description:
    'Gives back money of a transaction, from the destinations to the account that paid. Can be repeated until everything is given back.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    transactionId: t.id({ required: true, description: 'The id of the transaction.' }),
    refunds: t.field({
      type: [RefundChargeInput],
      required: true,
      description: 'The amount that each destination gives back: 1 to 100 items, each destination once.',
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The refund transaction. Its `reference` is the refunded transaction.' },
  run: (app, call, input) => app.returns.refund(call, input),
})
