import { COLUMNS } from '../../accounting/columns.ts'
import { type AccountingRow, type Figures, figuresOf, Period } from '../../accounting/event.ts'
import { inPeriod } from '../../accounting/service.ts'
import { equals } from '../../db/condition.ts'
import { validate } from '../../kernel/validate.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { moment, momentField } from './moment.ts'
import { ProviderEnum } from './provider.ts'

/** The columns of the export that are shown as they are there, each with what it says. */
const SHOWN = {
  relatedPaymentId: 'For a refund, the id of the refunded payment: pay_…. Null for a payment.',
  productId: 'The id of the product that was bought: prod_…. Null for an inline item.',
  productName: 'The name of the product or item at the time of the sale. Null when it is not known.',
  productDescription: 'The description of the product or item at the time of the sale. Null when it is not known.',
  customerUuid: 'The id of the customer who paid: cust_…. Null when the customer is not known.',
  customerEmail: 'The current e-mail address of the customer. Null when it is not known.',
  checkoutId: 'The id of the checkout that was paid: chk_…. Null for a billing of a subscription.',
  chain: 'The blockchain of the transfer (crypto payments). Null for others.',
  blockNumberOrSlot: 'The block or slot of the transfer on its blockchain (crypto payments). Null for others.',
  txHash: 'The hash of the transfer on its blockchain (crypto payments). Null for others.',
  fromAddress: 'The address that sent the money (crypto payments). Null for others.',
  toAddress: 'The address that received the money (crypto payments). Null for others.',
  tokenSymbol: 'The currency that was paid with. It is the currency of the amounts without Usd in their name.',
  reference:
    "The merchant's own identifier of the sale: the reference of the payment, also for its refunds. Null when none was given.",
  refundReference: "The merchant's own identifier of the refund. Null when none was given, and for a payment.",
  suspenseCurrency: 'The currency of the suspense amount, which is the currency of the price.',
  tokenContractOrMint:
    'The contract or mint address of the token (crypto payments). Null for the native coin of a blockchain.',
} as const

const AMOUNTS = {
  grossAmount: 'The gross amount in major units. Negative for a refund.',
  grossAmountUsd: 'The gross amount in USD, as recorded in the ledger. Null when the price is in another currency.',
  platformFeePercent: "The provider's fee as a percentage of the gross amount.",
  platformFeeUsd: "The provider's fee in USD.",
  platformFee: "The provider's fee in major units.",
  organizationFeePercent: "The organization's fee on a seller's payment, as a percentage of the gross amount.",
  organizationFeeUsd: "The organization's fee on a seller's payment, in USD.",
  organizationFee: "The organization's fee on a seller's payment, in major units.",
  networkFeesUsd:
    'The network fee of sending a refund, in USD. Null when the provider does not give the exchange rate.',
  networkFees:
    "The network fee that the merchant paid for sending a refund, in major units of the blockchain's native coin.",
  netAmountUsd:
    'The gross amount minus the fees, in USD. Network fees are not subtracted, because they are paid in another coin.',
  netAmount: 'The gross amount minus the fees, in major units.',
  suspenseAmount:
    "How much of the net amount was put on the suspense account, in the currency of the price. Negative when an amount left that account. For prices in USD `netAmountUsd` minus this is what became the merchant's.",
} as const

const VALUES = new Map(COLUMNS.map(({ name, value }) => [name, value]))

/** An event's figures are worked out once, whatever is asked of it. */
const FIGURES = new WeakMap<AccountingRow, Figures>()

function shown(name: string, row: AccountingRow): string | null {
  const figures = FIGURES.get(row) ?? figuresOf(row)
  FIGURES.set(row, figures)
  return VALUES.get(name)?.(row, figures) ?? null
}

const AccountingEventType = builder.enumType('AccountingEventType', {
  description:
    'The kind of an accounting event. The file of `GET /exports/accounting` has the same words in small letters, e.g. `one_time`.',
  values: {
    ONE_TIME: { value: 'one_time', description: 'A one-time payment.' },
    SUBSCRIPTION: { value: 'subscription', description: 'A payment of a subscription.' },
    ACCEPTANCE: {
      value: 'acceptance',
      description:
        'An amount that the merchant took from the suspense account. No money came in: the gross amount is zero and the suspense amount is negative.',
    },
    FEE: {
      value: 'fee',
      description:
        "A provider's fee that was told after the payment was settled. No money came in: the gross amount is zero and the net amount is negative.",
    },
    REFUND: { value: 'refund', description: 'A refund.' },
  },
})

const AccountingEventRef = builder.objectRef<AccountingRow>('AccountingEvent').implement({
  description:
    "One payment, acceptance, fee or refund for accounting, taken from the gateway's own ledger. The fields are the columns of the CSV export.",
  fields: (t) => ({
    paymentId: t.id({
      description:
        'The id of the payment, pay_…, or of the refund, rfnd_…. A payment whose money came in several transfers has an event for each, with the same id.',
      resolve: (row) => shown('paymentId', row) ?? '',
    }),
    provider: t.expose('provider', {
      type: ProviderEnum,
      description: 'The provider that received the payment or paid the refund.',
    }),
    type: t.expose('type', { type: AccountingEventType, description: 'The kind of the event.' }),
    txTimeUtc: t.field({
      ...momentField(t),
      description: 'When the payment was settled or the refund was paid. In UTC, unless a time zone is given.',
      resolve: (row, args, context) => moment(row.at, args, context),
    }),
    currencyDecimals: t.int({
      description: 'The number of decimal places of the currency.',
      resolve: (row) => Number(shown('currencyDecimals', row)),
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs of the merchant: the metadata of the payment, also for its refunds.',
      resolve: ({ metadata }) => metadata,
    }),
    refundMetadata: t.field({
      type: 'JSON',
      nullable: true,
      description: 'Key-value pairs that the merchant stored on the refund. Null for a payment.',
      resolve: ({ refundMetadata }) => refundMetadata,
    }),
    ...Object.fromEntries(
      Object.entries(SHOWN).map(([name, description]) => [
        name,
        t.string({ nullable: true, description, resolve: (row) => shown(name, row) }),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(AMOUNTS).map(([name, description]) => [
        name,
        t.field({ type: 'Decimal', nullable: true, description, resolve: (row) => shown(name, row) }),
      ]),
    ),
  }),
})

const AccountingFilter = builder.inputType('AccountingFilter', {
  description: 'Conditions on the accounting events. An event must match all that are given.',
  fields: (t) => ({
    type: t.field({ type: AccountingEventType, description: 'Events of this kind.' }),
    provider: t.field({ type: ProviderEnum, description: 'Events of this provider.' }),
  }),
})

const accounting = list({
  name: 'AccountingEvent',
  type: AccountingEventRef,
  table: 'accounting_event',
  orders: { TIME: { column: 'at', description: 'When the payment was settled or the refund was paid.' } },
  filter: {
    type: AccountingFilter,
    conditions: ({ type, provider }) => [
      ...(type ? [equals('type', type)] : []),
      ...(provider ? [equals('provider', provider)] : []),
    ],
  },
})

builder.queryField('accounting', (t) => {
  const { args, ...field } = accounting.field(t)
  return t.field({
    ...field,
    description:
      'The payments that were settled and the refunds that were paid in a period, newest first. `GET /exports/accounting` returns the same as a file.',
    authScopes: { key: true },
    args: {
      ...args,
      from: t.arg({ type: 'Date', required: true, description: 'The first day of the period.' }),
      to: t.arg({ type: 'Date', required: true, description: 'The last day of the period. It is included.' }),
      timezone: t.arg.string({
        description:
          'The time zone of the two days, e.g. Asia/Yangon. The default is the Time-Zone header, otherwise UTC.',
      }),
    },
    resolve: (_root, { from, to, timezone, ...wanted }, context) => {
      const period = validate(Period, { from, to, timezone: timezone ?? context.timezone })
      return accounting.open(context, wanted, undefined, inPeriod(period))
    },
  })
})
