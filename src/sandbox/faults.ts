import { newId } from '../kernel/id.ts'
import {
  type FaultInput,
  type FaultKind,
  type FaultRule,
  happensAt,
  isAbout,
  MAX_RULES,
  ruleFrom,
} from './fault-rules.ts'
import type { World } from './store.ts'

const PLACE = `tenant_id = $1 AND provider = $2 AND kind = 'fault'`

/**
 * Puts a rule down, once under its id. It holds from the next call on, at every node. Undefined when the realm has as
 * many rules as it may have.
 */
export async function addFault({ db, realm, provider }: World, input: FaultInput): Promise<FaultRule | undefined> {
  const rule = ruleFrom(input.id ?? newId(), input)
  const { rows } = await db.query(
    `WITH made AS (
       INSERT INTO sandbox_document (tenant_id, provider, kind, id, body)
       SELECT $1, $2, 'fault', $3, $4 WHERE (SELECT count(*) FROM sandbox_document WHERE ${PLACE}) < ${MAX_RULES}
       ON CONFLICT DO NOTHING RETURNING id
     )
     SELECT id FROM made UNION ALL SELECT id FROM sandbox_document WHERE ${PLACE} AND id = $3`,
    [realm, provider, rule.id, JSON.stringify(rule)],
  )
  return rows.length > 0 ? rule : undefined
}

/** The rules whose faults may still happen, the oldest first. */
export async function listFaults({ db, realm, provider }: World): Promise<FaultRule[]> {
  const { rows } = await db.query(`SELECT body FROM sandbox_document WHERE ${PLACE} ORDER BY position`, [
    realm,
    provider,
  ])
  return (rows as { body: FaultRule }[]).map((row) => row.body)
}

/** A document that a unique key names. */
export interface KeyedDocument {
  readonly kind: string
  readonly name: string
  readonly value: string
}

/** What a call begins with. */
export interface CallBeginning {
  readonly rules: readonly FaultRule[]
  /** The document by which the caller is known; undefined where there is none. */
  readonly caller?: unknown
}

/** The rules as listFaults has them, and the document that says who calls: one look for both. */
export async function beginCall({ db, realm, provider }: World, by?: KeyedDocument): Promise<CallBeginning> {
  const { rows } = await db.query(
    `SELECT kind = 'fault' AS is_rule, body FROM sandbox_document WHERE ${PLACE}
     OR (tenant_id = $1 AND provider = $2 AND kind = $3 AND NOT removed AND id = (SELECT id FROM sandbox_unique
       WHERE tenant_id = $1 AND provider = $2 AND kind = $3 AND name = $4 AND value = $5))
     ORDER BY position`,
    [realm, provider, by?.kind ?? null, by?.name ?? null, by?.value ?? null],
  )
  const found = rows as { is_rule: boolean; body: unknown }[]
  const rules = found.filter((row) => row.is_rule).map((row) => row.body as FaultRule)
  return { rules, caller: found.find((row) => !row.is_rule)?.body }
}

/** False when there was no such rule any more. */
export async function removeFault({ db, realm, provider }: World, id: string): Promise<boolean> {
  const { rows } = await db.query(`DELETE FROM sandbox_document WHERE ${PLACE} AND id = $3 RETURNING id`, [
    realm,
    provider,
    id,
  ])
  return rows.length > 0
}

export async function removeFaults({ db, realm, provider }: World): Promise<void> {
  await db.query(`DELETE FROM sandbox_document WHERE ${PLACE}`, [realm, provider])
}

/** As drawFault, of the rules as they stand. */
export async function takeFault(world: World, kinds: readonly FaultKind[]): Promise<FaultRule | undefined> {
  return drawFault(world, await listFaults(world), kinds)
}

/**
 * The first of the rules of these kinds whose fault happens now; it has been counted when this answers. A rule that was
 * used up or removed since it was read makes nothing happen.
 * @param call like `POST /product`, where the fault is one of a call
 */
export async function drawFault(
  world: World,
  rules: readonly FaultRule[],
  kinds: readonly FaultKind[],
  call?: string,
): Promise<FaultRule | undefined> {
  for (const rule of rules) {
    const fits = kinds.includes(rule.kind) && (call === undefined || isAbout(rule, call))
    if (fits && (await takeTurn(world, rule))) return rule
  }
  return undefined
}

async function takeTurn(world: World, rule: FaultRule): Promise<boolean> {
  if (rule.probability === undefined) return rule.times === undefined || useOnce(world, rule)
  const { db, realm, provider } = world
  const { rows } = await db.query(
    `UPDATE sandbox_document SET body = body || jsonb_build_object('drawn', (body->>'drawn')::int + 1)
     WHERE ${PLACE} AND id = $3 RETURNING (body->>'drawn')::int AS drawn`,
    [realm, provider, rule.id],
  )
  const row = rows[0] as { drawn: number } | undefined
  if (!row || !happensAt(rule, row.drawn)) return false
  return rule.times === undefined || useOnce(world, rule)
}

/** Of several calls at the same moment as many get the fault as there are times left; the last takes the rule away. */
async function useOnce({ db, realm, provider }: World, { id }: FaultRule): Promise<boolean> {
  const place = [realm, provider, id]
  const { rows } = await db.query(
    `UPDATE sandbox_document SET body = body || jsonb_build_object('times', (body->>'times')::int - 1)
     WHERE ${PLACE} AND id = $3 AND (body->>'times')::int > 0 RETURNING (body->>'times')::int AS left`,
    place,
  )
  const row = rows[0] as { left: number } | undefined
  if (row?.left === 0) await db.query(`DELETE FROM sandbox_document WHERE ${PLACE} AND id = $3`, place)
  return row !== undefined
}
