import type { Database } from '../db/database.ts'
import type { Read } from '../db/snapshot.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import {
  type FoundLine,
  genesis,
  type LedgerBreak,
  type Link,
  lineBreaks,
  type Seal,
  same,
  sealBreaks,
} from './chain.ts'
import { sealedLines } from './sealed.ts'

/**
 * The hash chain over the postings. What was posted is sealed a moment later, page by page, so that posting itself pays
 * nothing for it. A seal's hash covers the one before, and so everything sealed before it.
 */

const EVENTS_A_SEAL = 2_000
/** In one run, for each tenant; what is left is sealed in the next. */
const SEALS_A_RUN = 20
const SEALS_A_PAGE = 50
/** A break more or less is the same; a long list of them must not fill the memory. */
const NAMED_AT_MOST = 1_000
/** Held by the node that seals a tenant, so that the others do not do the same work for nothing. */
const LOCK = 7_035_224

const DIGESTS = (after: string, upTo: string) => `
  SELECT count(*)::int AS postings,
         coalesce(string_agg(sha256(convert_to(line, 'UTF8')), ''::bytea ORDER BY cursor), ''::bytea) AS digests
  FROM (${sealedLines('$1::uuid', after, upTo)}) lines`

const SEAL = `
  WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK}, hashtext($1::text)) AS mine),
       page AS (${DIGESTS('(SELECT $2::bigint FROM turn WHERE mine)', '$3::bigint')})
  INSERT INTO ledger_seal (tenant_id, id, number, cursor, postings, digests, hash, created_at)
  SELECT $1::uuid, $4::uuid, $5::bigint, $3::bigint, postings, digests,
         CASE WHEN postings = 0 THEN $6::bytea ELSE sha256($6::bytea || digests) END, $7::timestamptz
  FROM page, turn WHERE mine
  ON CONFLICT (tenant_id, number) DO NOTHING
  RETURNING number, cursor, hash`

/** The counter of events tells what there is to seal; their table is not asked. */
const BEHIND = `
  SELECT c.tenant_id, c.last, s.number, s.cursor, s.hash
  FROM event_counter c
  LEFT JOIN LATERAL (SELECT number, cursor, hash FROM ledger_seal WHERE tenant_id = c.tenant_id ORDER BY number DESC LIMIT 1) s ON true
  WHERE c.last > coalesce(s.cursor, 0) AND ($1::uuid IS NULL OR c.tenant_id = $1::uuid)`

interface Behind {
  readonly tenantId: string
  /** The last event there is. */
  readonly last: bigint
  readonly number: bigint | null
  readonly cursor: bigint | null
  readonly hash: Uint8Array | null
}

export function sealService({ db, clock }: { db: Database; clock: Clock }) {
  /** The next seal, or undefined where another node makes it. */
  async function seal(tenantId: string, { number, cursor, hash }: Link, last: bigint): Promise<Link | undefined> {
    const upTo = last - cursor > EVENTS_A_SEAL ? cursor + BigInt(EVENTS_A_SEAL) : last
    const values = [tenantId, cursor, upTo, newId(), number + 1n, hash, clock.now()]
    const [made] = await db.query<Link>('ledger.seal', SEAL, values)
    return made
  }

  async function catchUp({ tenantId, last, ...sealed }: Behind, sealsAtMost: number): Promise<void> {
    const { number, cursor, hash } = sealed
    let link: Link | undefined =
      number === null || cursor === null || hash === null ? genesis(tenantId) : { number, cursor, hash }
    for (let made = 0; made < sealsAtMost && link && link.cursor < last; made++) link = await seal(tenantId, link, last)
  }

  return {
    /** Seals what has been posted, of every tenant. */
    async sealDue(): Promise<void> {
      for (const behind of await db.query<Behind>('ledger.unsealed', BEHIND, [null])) await catchUp(behind, SEALS_A_RUN)
    },

    /** Seals everything that a tenant has posted until now. */
    async sealAll(tenantId: string): Promise<void> {
      const [behind] = await db.query<Behind>('ledger.unsealed', BEHIND, [tenantId])
      if (behind) await catchUp(behind, Number.POSITIVE_INFINITY)
    },
  }
}

interface SealRow extends Seal {
  readonly after: bigint
  /** The digests of the lines as they are now. */
  readonly found: Uint8Array
}

const CHECKED = `
  SELECT s.number, s.cursor, s.after, s.postings, s.digests, s.hash, l.digests AS found
  FROM (SELECT *, lag(cursor, 1, $3::bigint) OVER (ORDER BY number) AS after
        FROM (SELECT * FROM ledger_seal WHERE tenant_id = $1::uuid AND number > $2::bigint ORDER BY number LIMIT ${SEALS_A_PAGE}) page) s
  CROSS JOIN LATERAL (${DIGESTS('s.after', 's.cursor')}) l
  ORDER BY s.number`

/**
 * Says every sealed event again from the tables and compares it with its seal, a page of seals at a time.
 * @returns the last seal's hash, and what differs
 */
export async function checkChain(read: Read, tenantId: string): Promise<{ head: Uint8Array; breaks: LedgerBreak[] }> {
  const breaks: LedgerBreak[] = []
  let link = genesis(tenantId)
  for (;;) {
    const seals = await read<SealRow>(CHECKED, [tenantId, link.number, link.cursor])
    for (const seal of seals) {
      breaks.push(...sealBreaks(link, seal))
      if (!same(seal.digests, seal.found) && breaks.length < NAMED_AT_MOST) {
        breaks.push(...lineBreaks(seal, await linesOf(read, tenantId, seal)))
      }
      link = seal
    }
    if (seals.length < SEALS_A_PAGE) return { head: link.hash, breaks }
  }
}

/** The lines of a seal's events as they are now. */
async function linesOf(read: Read, tenantId: string, { after, cursor }: SealRow): Promise<FoundLine[]> {
  return read<FoundLine>(
    `SELECT cursor, transaction_id AS "transactionId", sha256(convert_to(line, 'UTF8')) AS digest
     FROM (${sealedLines('$1::uuid', '$2::bigint', '$3::bigint')}) lines ORDER BY cursor`,
    [tenantId, after, cursor],
  )
}
