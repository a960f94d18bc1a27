/** What the API calls what a connection can do. A provider's servers may differ in these from version to version. */
export const CAPABILITY_NAMES = [
  'CHECKOUTS',
  'SUBSCRIPTIONS',
  'PAY_AS_YOU_GO',
  'REFUNDS',
  'ISSUED_REFUNDS',
  'STATUS',
  'PAYMENT_LIST',
] as const

export type CapabilityName = (typeof CAPABILITY_NAMES)[number]

/** Which routes the provider's server has. */
export interface Routes {
  /** What some versions of the server lack, so that it is asked for before each use. */
  readonly differing: readonly CapabilityName[]
  /**
   * Those of the capabilities whose routes the server lacks. Asking changes nothing there. One that cannot be asked at
   * this moment counts as there, since only the server's own word shows that it is not.
   */
  missing(of: readonly CapabilityName[]): Promise<readonly CapabilityName[]>
}
