/** One movement of money: every column of the export, in its order. */
export const COLUMNS = [
  'paymentId',
  'type',
  'txTimeUtc',
  'receiptUrl',
  'relatedPaymentId',
  'productId',
  'productName',
  'productDescription',
  // Clients of different ages read one or the other.
  'customerUuid',
  'customerUUID',
  'chain',
  'blockNumberOrSlot',
  'txHash',
  'fromAddress',
  'toAddress',
  'tokenSymbol',
  'currencyDecimals',
  'tokenContractOrMint',
  'explorerUrl',
  'grossAmount',
  'grossAmountUsd',
  'platformFeePercent',
  'platformFeeUsd',
  'platformFee',
  'organizationFeePercent',
  'organizationFeeUsd',
  'organizationFee',
  'networkFeesUsd',
  'networkFees',
  'netAmountUsd',
  'netAmount',
] as const

export type Column = (typeof COLUMNS)[number]

/** Every column is always there: empty text or 0 where it says nothing about this movement. */
export type Row = { readonly [column in Column]: string | number }
