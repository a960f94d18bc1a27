import type { SimulatorContext } from './context.ts'
import type { World } from './store.ts'

/** It was done before under this key. */
class DoneBefore extends Error {
  override readonly name = 'DoneBefore'
}

/**
 * Does what a control route is asked for, once under the key that the request names; undefined when it was done before.
 * @param act changes what it changes in one transaction of the context that it is given
 */
export async function once<C extends Pick<SimulatorContext, 'transaction'>, T>(
  context: C,
  key: string | undefined,
  act: (context: C) => Promise<T>,
): Promise<T | undefined> {
  if (key === undefined) return act(context)
  const transaction: SimulatorContext['transaction'] = (realm, work) =>
    context.transaction(realm, async (world) => {
      if (!(await claim(world, key))) throw new DoneBefore()
      return work(world)
    })
  return act({ ...context, transaction }).catch((error) => {
    if (error instanceof DoneBefore) return undefined
    throw error
  })
}

/** False when the key is taken. It stays taken when the transaction commits. */
async function claim({ db, realm, provider }: World, key: string): Promise<boolean> {
  const { rows } = await db.query(
    `INSERT INTO sandbox_document (tenant_id, provider, kind, id, body) VALUES ($1, $2, 'act', $3, '{}')
     ON CONFLICT DO NOTHING RETURNING id`,
    [realm, provider, key],
  )
  return rows.length > 0
}
