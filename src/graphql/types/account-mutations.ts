import { mutation } from '../mutation.ts'
import { AccountKindEnum } from './account.ts'

const METADATA = 'Key-value pairs of the merchant: at most 24 keys, each with a string, number or boolean.'

const LIMITED = 'A transaction that would exceed the limit is refused with OverdraftLimitExceeded.'

mutation('createAccount', {
  description: 'Creates a ledger account. Its currency and kind cannot be changed, and it cannot be deleted.',
  scope: 'manager',
  idempotency: 'optional',
  defaults: { overdraft: false, metadata: {} },
  input: (t) => ({
    externalId: t.string({
      description:
        "The merchant's own identifier of the account, unique: 1 to 100 characters. Prefixes that the ledger reserves for its own accounts, such as seller: or world:, are refused.",
    }),
    name: t.string({ description: 'The display name of the account: up to 100 characters.' }),
    currency: t.field({
      type: 'CurrencyCode',
      required: true,
      description: 'The currency of the account: an existing currency code, or a currency that the merchant created.',
    }),
    kind: t.field({
      type: AccountKindEnum,
      required: true,
      description: 'Whether the account belongs to the ledger itself or to a client.',
    }),
    overdraft: t.boolean({ description: 'Whether the available balance may fall below zero. The default is false.' }),
    overdraftLimit: t.field({
      type: 'Decimal',
      description: `How far the available balance may fall below zero, in major units of the account's currency. Without a value there is no limit. ${LIMITED}`,
    }),
    metadata: t.field({ type: 'JSON', description: METADATA }),
  }),
  object: { name: 'account', kind: 'Account', description: 'The account that was created.' },
  run: (app, call, input) => app.accounts.create(call, input),
})

mutation('updateAccount', {
  description: 'Changes an account. Fields that are left out keep their value.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The id of the account.' }),
    name: t.string({ description: 'The display name of the account: up to 100 characters.' }),
    overdraft: t.boolean({
      description:
        'Whether the available balance may fall below zero. It cannot be set to false while the available balance is below zero.',
    }),
    overdraftLimit: t.field({
      type: 'Decimal',
      description: `How far the available balance may fall below zero, in major units of the account's currency. Null removes the limit. The limit cannot be set below the current overdraft. ${LIMITED} The exchange account of a currency has the external id exchange:USD.`,
    }),
    metadata: t.field({ type: 'JSON', description: `${METADATA} Replaces the existing metadata.` }),
  }),
  object: { name: 'account', kind: 'Account', description: 'The account after the change.' },
  run: (app, call, input) => app.accounts.update(call, input),
})

mutation('freezeAccount', {
  description:
    'Freezes an account: every transaction that takes money from it or pays money into it is refused with ACCOUNT_FROZEN. Existing holds on it can still be declined.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the account.' }) }),
  object: { name: 'account', kind: 'Account', description: 'The account after the change.' },
  run: (app, call, input) => app.accounts.freeze(call, input),
})

mutation('unfreezeAccount', {
  description: 'Unfreezes an account, so that money can move into it and out of it again.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the account.' }) }),
  object: { name: 'account', kind: 'Account', description: 'The account after the change.' },
  run: (app, call, input) => app.accounts.unfreeze(call, input),
})
