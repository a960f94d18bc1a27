import { type Condition, equals, NEVER } from '../db/condition.ts'
import type { Caller } from '../organizations/actor.ts'

/**
 * Who may see which rows, in one place: every read of the API, by id, by reference or page by page, asks here.
 * A row that is not visible does not exist.
 */

/** The tables that the API reads, and the column that says whose a row is, where sellers may see their own. */
const OWNER_COLUMN = {
  organization: undefined,
  app_user: 'id',
  api_key: 'user_id',
  product: 'user_id',
  customer: 'user_id',
  checkout: 'user_id',
  payment: 'user_id',
  provider_link: undefined,
  account: undefined,
  ledger_transaction: undefined,
  entry: undefined,
  event: undefined,
} as const satisfies Record<string, string | undefined>

export type Table = keyof typeof OWNER_COLUMN

export function visible(caller: Caller, table: Table): readonly Condition[] {
  switch (caller.kind) {
    case 'key': {
      const { tenantId, organizationId, role, userId } = caller.actor
      if (table === 'organization') return [equals('id', organizationId)]
      const tenant = equals('tenant_id', tenantId)
      // A link says no more than the product or customer that it is read through.
      if (role !== 'USER' || table === 'provider_link') return [tenant]
      const column = OWNER_COLUMN[table]
      return column === undefined || userId === null ? [NEVER] : [tenant, equals(column, userId)]
    }
    case 'checkout': {
      const tenant = equals('tenant_id', caller.tenantId)
      if (table === 'checkout') return [tenant, equals('id', caller.checkoutId)]
      if (table === 'payment') return [tenant, equals('checkout_id', caller.checkoutId)]
      return [NEVER]
    }
    case 'anonymous':
      return [NEVER]
  }
}
