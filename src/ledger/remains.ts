import { metadataOf } from './sealed.ts'

/**
 * What is left of the books when the data of their tenant are removed: what the proof adds up and what the seals and an
 * export's verification read. Nothing of it was written by people.
 */

/** How the rows of one table are cleaned, as SQL over the alias t; $1 is the tenant. Each has an id. */
export interface Remains {
  /** The rows that go altogether. */
  readonly gone?: string
  /** The rows that stay and have something to lose, and what is set in them. */
  readonly cleaned?: { readonly rows: string; readonly set: string }
}

/** The accounts of recipes that belong to nobody. */
const SYSTEM_ACCOUNT = `'^(world|exchange|rounding-gains|seller-payouts|(customers|fees|network-fees|organization|organization-fees|suspense):[a-z]+):[A-Z0-9]{2,12}$'`
const FACTS = `jsonb_build_object('object', t.payload -> 'object')`

export const LEDGER_REMAINS: Readonly<Record<string, Remains>> = {
  account: {
    cleaned: {
      rows: `(t.name IS NOT NULL OR t.metadata <> '{}' OR t.external_id !~ ${SYSTEM_ACCOUNT})`,
      set: `name = NULL, metadata = '{}', external_id = CASE WHEN t.external_id ~ ${SYSTEM_ACCOUNT} THEN t.external_id END`,
    },
  },
  currency: {
    gone: 'NOT EXISTS (SELECT FROM account a WHERE a.tenant_id = t.tenant_id AND a.currency = t.code)',
    cleaned: { rows: 't.name IS NOT NULL', set: 'name = NULL' },
  },
  ledger_transaction: {
    cleaned: {
      rows: `(jsonb_typeof(t.metadata) = 'object' AND t.metadata <> '{}')`,
      set: `metadata = to_jsonb(${metadataOf('t', '$1::uuid')})`,
    },
  },
  entry: {},
  event: {
    gone: `t.entity_kind <> 'LedgerTransaction'`,
    cleaned: {
      rows: `(t.request_id IS NOT NULL OR t.trace IS NOT NULL OR t.topic_id IS NOT NULL OR t.payload <> ${FACTS})`,
      set: `request_id = NULL, trace = NULL, topic_id = NULL, payload = ${FACTS}`,
    },
  },
  event_counter: {},
  ledger_seal: {},
}
