import { encodeId } from '../kernel/id.ts'
import { formatDecimal } from '../kernel/money.ts'
import { type AccountingRow, decimal, decimalUsd, type Figures, percent } from './event.ts'

/** The columns of the export, in their order. */

export interface Column {
  readonly name: string
  /** Text, a number whose decimal text is exact, text that somebody else has written, or an object as JSON. */
  readonly kind: 'text' | 'number' | 'free text' | 'object'
  /** Whether the text may have several lines. They are joined in a cell of a CSV. */
  readonly mayHaveLines?: boolean
  readonly value: (row: AccountingRow, figures: Figures) => string | null | undefined
}

const text = (name: string, value: Column['value']): Column => ({ name, kind: 'text', value })
const number = (name: string, value: Column['value']): Column => ({ name, kind: 'number', value })
const freeText = (name: string, value: Column['value']): Column => ({ name, kind: 'free text', value })
const object = (name: string, value: (row: AccountingRow) => object | null): Column => ({
  name,
  kind: 'object',
  value: (row) => {
    const found = value(row)
    return found && Object.keys(found).length > 0 ? JSON.stringify(found) : null
  },
})

export const COLUMNS: readonly Column[] = [
  text('paymentId', ({ kind, id, paymentId }) =>
    kind === 'REFUND' ? encodeId('Refund', id) : encodeId('Payment', paymentId),
  ),
  text('type', ({ type }) => type),
  text('txTimeUtc', ({ at }) => at.toISOString()),
  // No provider tells the address of a receipt.
  text('receiptUrl', () => null),
  text('relatedPaymentId', ({ kind, paymentId }) => (kind === 'REFUND' ? encodeId('Payment', paymentId) : null)),
  text('productId', ({ productId }) => productId && encodeId('Product', productId)),
  freeText('productName', ({ description }) => description),
  { ...freeText('productDescription', ({ itemDescription }) => itemDescription), mayHaveLines: true },
  text('customerUuid', ({ customerId }) => customerId && encodeId('Customer', customerId)),
  freeText('chain', ({ chain }) => chain?.name),
  freeText('blockNumberOrSlot', ({ chain }) => chain?.block),
  freeText('txHash', ({ transactionHash }) => transactionHash),
  freeText('fromAddress', ({ fromAddress }) => fromAddress),
  freeText('toAddress', ({ toAddress }) => toAddress),
  freeText('tokenSymbol', (_row, { paid }) => paid.currency.code),
  number('currencyDecimals', (_row, { paid }) => String(paid.currency.exponent)),
  freeText('tokenContractOrMint', ({ chain }) => chain?.token),
  // Nor that of a page about the transaction.
  text('explorerUrl', () => null),
  text('grossAmount', (_row, { paid }) => decimal(paid, paid.gross)),
  number('grossAmountUsd', (_row, { priced }) => decimalUsd(priced, priced.gross)),
  number('platformFeePercent', (_row, { platformFeeBps }) => percent(platformFeeBps)),
  number('platformFeeUsd', (_row, { priced }) => decimalUsd(priced, priced.platformFee)),
  text('platformFee', (_row, { paid }) => decimal(paid, paid.platformFee)),
  number('organizationFeePercent', (_row, { organizationFeeBps }) => percent(organizationFeeBps)),
  number('organizationFeeUsd', (_row, { priced }) => decimalUsd(priced, priced.organizationFee)),
  text('organizationFee', (_row, { paid }) => decimal(paid, paid.organizationFee)),
  number('networkFeesUsd', (_row, { networkFeeUsd }) =>
    networkFeeUsd === undefined ? null : formatDecimal(networkFeeUsd, 2),
  ),
  text(
    'networkFees',
    (_row, { networkFee }) => networkFee && formatDecimal(networkFee.minor, networkFee.currency.exponent),
  ),
  number('netAmountUsd', (_row, { priced }) => decimalUsd(priced, priced.net)),
  text('netAmount', (_row, { paid }) => decimal(paid, paid.net)),
  freeText('customerEmail', ({ customerEmail }) => customerEmail),
  // A shop keeps it with its order.
  text('checkoutId', ({ checkoutId }) => checkoutId && encodeId('Checkout', checkoutId)),
  // In the currency of the price, which is that of the ledger.
  text('suspenseAmount', ({ suspenseMinor }, { priced }) => decimal(priced, suspenseMinor)),
  text('suspenseCurrency', (_row, { priced }) => priced.currency.code),
  // Of the payment, also in the row of its refund, which stands under the same order.
  freeText('reference', ({ reference }) => reference),
  object('metadata', ({ metadata }) => metadata),
  freeText('refundReference', ({ refundReference }) => refundReference),
  object('refundMetadata', ({ refundMetadata }) => refundMetadata),
]
