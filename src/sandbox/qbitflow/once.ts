import type { Context as Call } from 'hono'
import { claimAct } from '../acts.ts'
import type { Context } from './context.ts'
import { badRequest } from './errors.ts'
import type { Env } from './keys.ts'

/** What the header `Idempotency-Key` names was done before. */
class DoneBefore extends Error {
  override readonly name = 'DoneBefore'
}

const KEY_LENGTH = 255

/**
 * Does what a route beside the API is asked for, once under the header `Idempotency-Key` where there is one; undefined
 * when it was done before.
 * @param act changes what it changes in one transaction of the context that it is given
 */
export async function once<T>(context: Context, c: Call<Env>, act: (context: Context) => Promise<T>) {
  const key = c.req.header('Idempotency-Key')
  if (key === undefined) return act(context)
  if (key.length > KEY_LENGTH) throw badRequest(`Idempotency-Key: must have ${KEY_LENGTH} characters at most`)
  const transaction: Context['transaction'] = (realm, work) =>
    context.transaction(realm, async (world) => {
      if (!(await claimAct(world, key))) throw new DoneBefore()
      return work(world)
    })
  return act({ ...context, transaction }).catch((error) => {
    if (error instanceof DoneBefore) return undefined
    throw error
  })
}
