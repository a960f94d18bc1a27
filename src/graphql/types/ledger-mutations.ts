import { builder } from '../builder.ts'
import type { Posted } from '../context.ts'
import { mutation } from '../mutation.ts'
import { MoneyInput } from './money.ts'

const METADATA = 'Own data: at most 24 keys with text, numbers or booleans.'

const ChargeInput = builder.inputType('ChargeInput', {
  description: 'What one destination receives.',
  fields: (t) => ({
    destinationId: t.id({
      required: true,
      description: 'The account that receives it; into another currency it is converted at the rate of the moment.',
    }),
    subtotal: t.field({
      type: MoneyInput,
      required: true,
      description: 'How much: above zero, in the currency of the account that pays.',
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
})

const RefundChargeInput = builder.inputType('RefundChargeInput', {
  description: 'What one destination gives back.',
  fields: (t) => ({
    destinationId: t.id({ required: true, description: 'The account that received it.' }),
    subtotal: t.field({
      type: MoneyInput,
      required: true,
      description: 'How much: in the currency of the account that paid, and at most what was not given back yet.',
    }),
  }),
})

const TRANSACTION = { name: 'transaction', kind: 'LedgerTransaction' } as const

mutation('fundAccount', {
  description: 'Puts money into an account from the world outside the books, so that they still balance.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    accountId: t.id({ required: true, description: 'The account.' }),
    total: t.field({ type: MoneyInput, required: true, description: 'How much: above zero, in its currency.' }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The ledger transaction.', row: ({ row }: Posted) => row },
  run: (app, call, input) => app.transactions.fund(call, input),
})

mutation('createTransaction', {
  description: 'Pays one or many accounts from one, at once, all or nothing.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    accountId: t.id({ required: true, description: 'The account that pays.' }),
    total: t.field({ type: MoneyInput, required: true, description: 'How much in all: the sum of the charges.' }),
    charges: t.field({ type: [ChargeInput], required: true, description: 'Who receives what: 1 to 100 charges.' }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The ledger transaction.', row: ({ row }: Posted) => row },
  run: (app, call, input) => app.transactions.create(call, input),
})

mutation('createHold', {
  description:
    'Keeps money of an account back for charges to come. It cannot be spent otherwise, and moves when the hold is completed.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    accountId: t.id({ required: true, description: 'The account that pays.' }),
    total: t.field({ type: MoneyInput, required: true, description: 'How much in all: the sum of the charges.' }),
    charges: t.field({ type: [ChargeInput], required: true, description: 'Who receives what: 1 to 100 charges.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When the hold is given up by itself.' }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The hold.' },
  run: (app, call, input) => app.holds.create(call, input),
})

mutation('updateHold', {
  description: 'Changes what a hold keeps back.',
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({
    transactionId: t.id({ required: true, description: 'The hold.' }),
    total: t.field({ type: MoneyInput, required: true, description: 'How much in all.' }),
    charges: t.field({
      type: [ChargeInput],
      description: 'Who receives what. A hold with one charge may leave this out; its subtotal follows the total.',
    }),
    metadata: t.field({ type: 'JSON', description: `${METADATA} In place of what there is.` }),
  }),
  object: { ...TRANSACTION, description: 'The hold as it is now.' },
  run: (app, call, input) => app.holds.update(call, input),
})

mutation('completeHold', {
  description: 'Turns a hold into the payment: the account pays, and every destination receives its charge.',
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({ transactionId: t.id({ required: true, description: 'The hold.' }) }),
  object: { ...TRANSACTION, description: 'The ledger transaction, which has the id of the hold.' },
  run: (app, call, input) => app.holds.complete(call, input),
})

mutation('declineHold', {
  description: 'Gives a hold up: what it kept back is available again.',
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({ transactionId: t.id({ required: true, description: 'The hold.' }) }),
  object: { ...TRANSACTION, description: 'The hold as it was given up.' },
  run: (app, call, input) => app.holds.decline(call, input),
})

mutation('rollbackTransaction', {
  description:
    'Takes a transaction back as a whole, fees included, by an INTERNAL one that is its mirror. Once, and not after a refund.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    transactionId: t.id({ required: true, description: 'The transaction.' }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The mirror, whose `reference` is the transaction.' },
  run: (app, call, input) => app.returns.rollback(call, input),
})

mutation('refundTransaction', {
  description:
    'Gives back what each destination is asked for. It may be repeated, until everything that was received is given back.',
  scope: 'manager',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    transactionId: t.id({ required: true, description: 'The transaction.' }),
    refunds: t.field({
      type: [RefundChargeInput],
      required: true,
      description: 'Who gives back what: 1 to 100, each destination once.',
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { ...TRANSACTION, description: 'The refund, whose `reference` is the transaction.' },
  run: (app, call, input) => app.returns.refund(call, input),
})
