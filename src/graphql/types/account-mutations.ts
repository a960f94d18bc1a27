import { mutation } from '../mutation.ts'
import { AccountKindEnum } from './account.ts'

const METADATA = 'Own data: at most 24 keys with text, numbers or booleans.'

const LIMITED = 'Whatever would pass it is refused with OverdraftLimitExceeded.'

mutation('createAccount', {
  description: 'Opens an account. Its currency and kind cannot be changed, and it is never deleted.',
  scope: 'manager',
  idempotency: 'optional',
  defaults: { overdraft: false, metadata: {} },
  input: (t) => ({
    externalId: t.string({
      description:
        "The merchant's own name for it, unique: 1 to 100 characters. Names that begin as those of the ledger's own accounts do, such as seller: or world:, are refused.",
    }),
    name: t.string({ description: 'What people call it: up to 100 characters.' }),
    currency: t.field({
      type: 'CurrencyCode',
      required: true,
      description: "Its currency: one that everybody has, or one of the merchant's own.",
    }),
    kind: t.field({ type: AccountKindEnum, required: true, description: 'Whose it is.' }),
    overdraft: t.boolean({ description: 'Whether the balance may fall below zero; not unless told.' }),
    overdraftLimit: t.field({
      type: 'Decimal',
      description: `How far it may fall below zero, in major units of its currency; without a limit when left out. ${LIMITED}`,
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { name: 'account', kind: 'Account', description: 'The account.' },
  run: (app, call, input) => app.accounts.create(call, input),
})

mutation('updateAccount', {
  description: 'Changes an account. What is left out stays as it is.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The account.' }),
    name: t.string({ description: 'What people call it: up to 100 characters.' }),
    overdraft: t.boolean({ description: 'Whether the balance may fall below zero; not taken away while it is.' }),
    overdraftLimit: t.field({
      type: 'Decimal',
      description: `How far it may fall below zero, in major units of its currency; null takes the limit away. Not less than it is below zero now. ${LIMITED} The account of the exchange in a currency has the external id exchange:USD.`,
    }),
    metadata: t.field({ type: 'JSON', description: `${METADATA} In place of what there is.` }),
  }),
  object: { name: 'account', kind: 'Account', description: 'The account as it is now.' },
  run: (app, call, input) => app.accounts.update(call, input),
})

mutation('freezeAccount', {
  description: 'Stops everything that would pay from an account or to it. Holds on it can still be declined.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The account.' }) }),
  object: { name: 'account', kind: 'Account', description: 'The account as it is now.' },
  run: (app, call, input) => app.accounts.freeze(call, input),
})

mutation('unfreezeAccount', {
  description: 'Lets a frozen account pay and be paid again.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The account.' }) }),
  object: { name: 'account', kind: 'Account', description: 'The account as it is now.' },
  run: (app, call, input) => app.accounts.unfreeze(call, input),
})
