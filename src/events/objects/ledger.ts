import {
  boolean,
  currency,
  decimal,
  enumeration,
  id,
  integer,
  json,
  list,
  minor,
  moment,
  orMissing,
  orNull,
  shape,
  text,
} from '../shape.ts'

/** What events say of accounts, currencies, rates and ledger transactions. */

/** They named an account that the gateway opens by itself by its ids alone. */
const EARLIER = 'Null in some events of earlier versions.'

export const ACCOUNT = shape({
  name: 'AccountSnapshot',
  field: 'account',
  description: 'An account of the ledger as it was after the change.',
  fields: {
    id: id('The id of the account: acct_…'),
    externalId: orNull(text('The name by which other systems know the account. Null when there is none.')),
    name: orNull(text('The name for people. Null when there is none.')),
    kind: orNull(enumeration('AccountKind', `The kind of account. ${EARLIER}`)),
    currency: orNull(currency(`The currency of the account. ${EARLIER}`)),
    overdraft: orNull(boolean(`Whether the balance can fall below zero. ${EARLIER}`)),
    overdraftLimit: orNull(minor('How far the balance can fall below zero, in minor units. Null for no limit.')),
    frozen: boolean('Whether the account is frozen.'),
    metadata: json('Key-value pairs of the merchant.'),
  },
})

export const CURRENCY = shape({
  name: 'CurrencySnapshot',
  field: 'currency',
  description: "A currency of the organization's own.",
  fields: {
    id: id('The id of the currency: cur_…'),
    code: currency('The code of the currency.'),
    exponent: integer('The number of decimal places.'),
    name: orMissing(text('The name for people. Null when there is none.')),
  },
})

export const RATE = shape({
  name: 'RateSnapshot',
  field: 'rate',
  description: 'An exchange rate.',
  fields: {
    id: id('The id of the rate: rate_…'),
    from: currency('The currency that is converted.'),
    to: currency('The currency that results.'),
    rate: decimal('The amount in the second currency for one unit of the first.'),
  },
})

const POSTED_ENTRY = shape({
  name: 'EntrySnapshot',
  field: 'entry',
  description: 'One entry of a ledger transaction.',
  fields: {
    account: id('The id of the account.'),
    amount: minor('The amount in minor units of the account: above zero for a credit, below zero for a debit.'),
  },
})

export const POSTING = shape({
  name: 'LedgerTransactionSnapshot',
  field: 'transaction',
  description: 'A ledger transaction that was posted.',
  fields: {
    id: id('The id of the ledger transaction: txn_…'),
    recipe: text('What the transaction is for, e.g. paymentSettled.'),
    total: minor('The total in minor units.'),
    currency: currency('The currency of the total.'),
    entries: list(POSTED_ENTRY, 'The entries, which balance in each currency.'),
  },
})

export const ROLLBACK = shape({
  name: 'LedgerRollbackSnapshot',
  field: 'rollback',
  description: 'A ledger transaction that was rolled back.',
  fields: {
    id: id('The id of the ledger transaction: txn_…'),
    state: enumeration('LedgerTransactionState', 'The state after the rollback.'),
  },
})

export const RETURN = shape({
  name: 'LedgerRefundSnapshot',
  field: 'ledgerRefund',
  description: 'A ledger transaction of which a part was given back.',
  fields: {
    id: id('The id of the ledger transaction: txn_…'),
    refund: id('The id of the ledger transaction that gave it back.'),
  },
})

const HOLD_CHARGE = shape({
  name: 'ChargeSnapshot',
  field: 'charge',
  description: 'One charge of a hold.',
  fields: {
    destination: id('The id of the account that receives the charge.'),
    subtotal: minor('The amount in minor units.'),
  },
})

export const HOLD = shape({
  name: 'HoldSnapshot',
  field: 'hold',
  description: 'A hold after the change.',
  fields: {
    id: id('The id of the ledger transaction: txn_…'),
    state: enumeration('LedgerTransactionState', 'The state of the ledger transaction.'),
    total: minor('The amount on hold in minor units.'),
    currency: currency('The currency of the hold.'),
    charges: orMissing(list(HOLD_CHARGE, 'The charges. Null when the change is the end of the hold.')),
    expiresAt: orMissing(moment('When the hold expires. Null when it does not, and when the hold was only changed.')),
  },
})
