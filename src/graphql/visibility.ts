import { type Condition, equals, NEVER } from '../db/condition.ts'
import type { Actor, Caller } from '../kernel/actor.ts'

/**
 * Who may see which rows, in one place: every read of the API, by id, by reference or page by page, asks here.
 * A row that is not visible does not exist.
 */

/** The tables that the API reads, and the column that says whose a row is, where sellers may see their own. */
const OWNER_COLUMN = {
  organization: undefined,
  app_user: 'id',
  api_key: 'user_id',
  claim_funds: 'user_id',
  product: 'user_id',
  customer: 'user_id',
  checkout: 'user_id',
  payment: 'user_id',
  subscription: 'user_id',
  billing: 'user_id',
  refund: 'user_id',
  accounting_event: 'user_id',
  provider_link: undefined,
  account: undefined,
  ledger_transaction: undefined,
  entry: undefined,
  currency: undefined,
  rate: undefined,
  event: undefined,
  webhook_endpoint: undefined,
  webhook_delivery: undefined,
} as const satisfies Record<string, string | undefined>

export type Table = keyof typeof OWNER_COLUMN

/** Rows of the tenant that is asked for, whoever asks. */
export function ofTenant(caller: Caller): Condition {
  switch (caller.kind) {
    case 'key':
      return equals('tenant_id', caller.actor.tenantId)
    case 'checkout':
      return equals('tenant_id', caller.tenantId)
    case 'anonymous':
      return NEVER
  }
}

/** A seller sees what it has earned, but not the books behind it: the very account that recipes open for each currency. */
function ownEarnings(userId: string): Condition {
  const sql = (alias: string, name: string) => `${alias}.external_id = ${name} || ${alias}.currency`
  return { values: [`seller:${userId}:`], sql }
}

export function visible(caller: Caller, table: Table): readonly Condition[] {
  switch (caller.kind) {
    case 'key':
      return visibleToKey(caller.actor, table, ofTenant(caller))
    case 'checkout': {
      const tenant = ofTenant(caller)
      if (table === 'checkout') return [tenant, equals('id', caller.checkoutId)]
      if (table === 'payment' || table === 'subscription') return [tenant, equals('checkout_id', caller.checkoutId)]
      return [NEVER]
    }
    case 'anonymous':
      return [NEVER]
  }
}

function visibleToKey({ organizationId, role, userId }: Actor, table: Table, tenant: Condition): readonly Condition[] {
  if (table === 'organization') return [equals('id', organizationId)]
  // A link says no more than the product or customer that it is read through.
  if (role !== 'USER' || table === 'provider_link') return [tenant]
  if (userId === null) return [NEVER]
  if (table === 'account') return [tenant, ownEarnings(userId)]
  const column = OWNER_COLUMN[table]
  return column === undefined ? [NEVER] : [tenant, equals(column, userId)]
}
