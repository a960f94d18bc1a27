import { createHash, randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { type App, createApp } from '../../src/app.ts'
import type { Actor, Call } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { addressGuard } from '../../src/outbound/guard.ts'
import { guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { guardedSocket } from '../../src/outbound/guarded-socket.ts'
import { transact } from '../../src/work/work.ts'

/** Accounts with money in them, numbered from 1, so that pgbench can name one by its number. */

const EACH_HAS = '1000000.00'
const AT_ONCE = 100

export async function openBooks(databaseUrl: string): Promise<{ app: App; actor: Actor }> {
  const app = await createApp({
    database: { url: databaseUrl, sessionUrl: databaseUrl },
    publicUrl: 'https://tollgate.example',
    localUrl: 'https://tollgate.example',
    secretKey: new Uint8Array(32),
    addresses: addressGuard({ allowLoopback: false }),
    outbound: guardedFetch({ allowLoopback: false }),
    openSocket: guardedSocket({ allowLoopback: false }),
    log: pino({ level: 'error' }),
  })
  const {
    id: tenantId,
    organizationId,
    mode,
  } = await app.db.prisma.tenant.findFirstOrThrow({ where: { mode: 'TEST' } })
  const actor: Actor = {
    tenantId,
    organizationId,
    mode,
    role: 'OWNER',
    userId: null,
    apiKeyId: tenantId,
    requestId: 'bench',
  }
  return { app, actor }
}

export function accountUuid(number: number): string {
  return `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

export function accountId(number: number): string {
  return encodeId('Account', accountUuid(number))
}

/** Opens so many accounts and funds each. */
export async function openAccounts(app: App, actor: Actor, accounts: number): Promise<void> {
  const numbers = Array.from({ length: accounts }, (_, index) => index + 1)
  for (let start = 0; start < accounts; start += AT_ONCE) {
    const some = numbers.slice(start, start + AT_ONCE)
    await open(app, actor, some.map(accountUuid))
    await Promise.all(some.map((number) => fund(app, actor, accountId(number))))
  }
}

async function open(app: App, { tenantId }: Actor, ids: readonly string[]): Promise<void> {
  const at = app.clock.now()
  await transact(app.db, { tenantId, at }, async (work) => {
    await work.tx.account.createMany({
      data: ids.map((id) => ({ tenantId, id, kind: 'CLIENT', currency: 'USD', createdAt: at, updatedAt: at })),
    })
    for (const id of ids) {
      work.emit({
        type: 'account.created',
        entityKind: 'Account',
        entityId: id,
        object: { id: encodeId('Account', id) },
      })
    }
  })
}

function fund(app: App, actor: Actor, id: string): Promise<unknown> {
  const input = { accountId: id, total: { amount: EACH_HAS, currency: 'USD' } }
  return app.transactions.fund(callOf(actor, 'fundAccount', input), input)
}

/** One mutation under a key of its own, as the edge would put it. */
export function callOf(actor: Actor, operation: string, input: object): Call {
  const requestHash = createHash('sha256').update(JSON.stringify(input)).digest()
  return { actor, operation, requestHash, idempotencyKey: randomUUID() }
}
