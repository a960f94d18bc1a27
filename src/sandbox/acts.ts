import type { World } from './store.ts'

/** Acts beside a provider's API that are done once under an id, however often they are asked for. */

/** False when it was done before. It counts as done when the transaction commits. */
export async function claimAct({ db, realm, provider }: World, id: string): Promise<boolean> {
  const { rows } = await db.query(
    `INSERT INTO sandbox_document (tenant_id, provider, kind, id, body) VALUES ($1, $2, 'act', $3, '{}')
     ON CONFLICT DO NOTHING RETURNING id`,
    [realm, provider, id],
  )
  return rows.length > 0
}
