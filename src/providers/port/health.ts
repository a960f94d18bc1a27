/** A cheap question that shows whether the provider answers us. */
export interface Health {
  probe(): Promise<void>
}
