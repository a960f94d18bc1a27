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
  'customerUuid',
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

/** Absent where it says nothing about this movement. */
export type Row = { readonly [column in Column]: string | number | undefined }
