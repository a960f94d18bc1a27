import { COLUMNS } from '../../accounting/columns.ts'
import { type AccountingRow, type Figures, figuresOf, Period } from '../../accounting/event.ts'
import { inPeriod } from '../../accounting/service.ts'
import { equals } from '../../db/condition.ts'
import { encodeId } from '../../kernel/id.ts'
import { validate } from '../../kernel/validate.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { moment, momentField } from './moment.ts'
import { ProviderEnum } from './provider.ts'

/** The columns of the export that are shown as they are there, each with what it says. */
const SHOWN = {
  relatedPaymentId: 'Of a refund, the payment whose money it is.',
  productId: 'What was bought; null for an inline item.',
  productName: 'What it was called when it was sold.',
  productDescription: 'What stood below the name.',
  customerUuid: 'Who paid: the id of the customer.',
  customerEmail: 'The e-mail address of the customer, as it is now.',
  checkoutId: 'The checkout that was paid, chk_…; null for a bill of a subscription.',
  chain: 'The chain that the money came over (crypto payments).',
  blockNumberOrSlot: 'The block or slot on it (crypto payments).',
  txHash: "The transaction's hash on its chain (crypto payments).",
  fromAddress: 'The address that the money came from (crypto payments).',
  toAddress: 'The address that the money went to (crypto payments).',
  tokenSymbol: 'What was paid with: the currency of the amounts without Usd in their name.',
  tokenContractOrMint: "The address of the token's contract or mint; null for a chain's own coin (crypto payments).",
} as const

const AMOUNTS = {
  grossAmount: 'What was paid, or, below zero, given back.',
  grossAmountUsd: 'The same in USD, as the ledger has it; null for a price in another currency.',
  platformFeePercent: "The provider's fee as a percentage of the gross.",
  platformFeeUsd: "The provider's fee in USD.",
  platformFee: "The provider's fee.",
  organizationFeePercent: "What the organization keeps of a seller's payment, as a percentage of the gross.",
  organizationFeeUsd: "What the organization keeps of a seller's payment, in USD.",
  organizationFee: "What the organization keeps of a seller's payment.",
  networkFeesUsd: 'What sending a refund cost, in USD; null where the provider does not tell what the coin was worth.',
  networkFees: 'What sending a refund cost the merchant, in the coin of its chain.',
  netAmountUsd: 'What is left after the fees, in USD. What the network took is beside it, since it is of another coin.',
  netAmount: 'What is left after the fees.',
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
  description: 'What an accounting event tells of.',
  values: {
    one_time: { description: 'A payment of its own.' },
    subscription: { description: 'A payment of a subscription.' },
    refund: { description: 'Money given back.' },
  },
})

const AccountingEventRef = builder.objectRef<AccountingRow>('AccountingEvent').implement({
  description: 'One payment or refund as accounting has it, from our own books: the columns of the export.',
  fields: (t) => ({
    paymentId: t.id({
      description: 'The payment, pay_…, or the refund, rfnd_….',
      resolve: ({ kind, id }) => encodeId(kind === 'REFUND' ? 'Refund' : 'Payment', id),
    }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'Who received or gave it back for us.' }),
    type: t.expose('type', { type: AccountingEventType, description: 'What it tells of.' }),
    txTimeUtc: t.field({
      ...momentField(t),
      description: 'When the money was certain, or given back; in UTC unless told.',
      resolve: (row, args, context) => moment(row.at, args, context),
    }),
    currencyDecimals: t.int({
      description: 'How many digits after the point the currency has.',
      resolve: (row) => Number(shown('currencyDecimals', row)),
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
  description: 'Which accounting events.',
  fields: (t) => ({
    type: t.field({ type: AccountingEventType, description: 'What they tell of.' }),
    provider: t.field({ type: ProviderEnum, description: 'Whose they are.' }),
  }),
})

const accounting = list({
  name: 'AccountingEvent',
  type: AccountingEventRef,
  table: 'accounting_event',
  orders: { TIME: { column: 'at', description: 'When the money was certain, or given back.' } },
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
      'The payments that were settled and the refunds that were paid in a period, newest first. `GET /exports/accounting` gives the same as a file.',
    authScopes: { key: true },
    args: {
      ...args,
      from: t.arg({ type: 'Date', required: true, description: 'The first day.' }),
      to: t.arg({ type: 'Date', required: true, description: 'The last day, which is in the period.' }),
      timezone: t.arg.string({
        description: 'Whose days they are, e.g. Asia/Yangon; the Time-Zone header is its default, else UTC.',
      }),
    },
    resolve: (_root, { from, to, timezone, ...wanted }, context) => {
      const period = validate(Period, { from, to, timezone: timezone ?? context.timezone })
      return accounting.open(context, wanted, undefined, inPeriod(period))
    },
  })
})
