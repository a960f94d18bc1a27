import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { Received } from '../../src/inbox/service.ts'
import { signatureOf } from '../../src/providers/qbitflow/signature.ts'
import { eventually } from '../support/app.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { type Wire, wireTo } from '../support/wire.ts'

/** A shop whose provider's notifications are caught on their way, and brought to the inbox by the tests. */

export let shop: Shop
export let wire: Wire
export let webhookSecret: string
/** Sets the stage for the tests of the file that calls it. */
export function setStage(): void {
  beforeAll(async () => {
    shop = await openShop()
    const [connection] = await shop.app.connections.list(shop.owner.tenantId)
    webhookSecret = connection?.sandbox?.credentials.webhookSecret ?? ''
  })
  beforeEach(async () => {
    wire = await wireTo(shop, shop.owner.tenantId)
  })
  afterEach(() => wire.close())
  afterAll(() => shop.close())
}

export const receive = (received: Received) => shop.app.inbox.receive(received)
export const messages = () => shop.app.db.prisma.inboxMessage.findMany({ orderBy: { receivedAt: 'asc' } })
export const postingsOf = (causeId: string) => shop.app.db.prisma.ledgerTransaction.count({ where: { causeId } })

/** A checkout that was paid at the provider, and the three notifications that never reached us. */
export async function paidUnheard() {
  const { id } = await shop.open()
  await shop.play(id, 'PAY')
  const [created, waiting, completed] = await eventually(
    async () => wire.notifications.length === 3 && wire.notifications,
  )
  if (!created || !waiting || !completed) throw new Error('three notifications were expected')
  expect(await shop.payment(id)).toBeNull()
  return { id, created, waiting, completed }
}

/** A notification of our own making, signed as the provider signs. */
export async function signed(body: object): Promise<Received> {
  const rawBody = JSON.stringify(body)
  const timestamp = String(Math.floor(shop.clock.now().getTime() / 1_000))
  const signature = `sha256=${signatureOf(webhookSecret, timestamp, rawBody)}`
  const { id: connectionId } = await shop.app.db.prisma.providerConnection.findFirstOrThrow({
    where: { tenantId: shop.owner.tenantId },
  })
  const headers = new Headers({ 'x-webhook-timestamp': timestamp, 'x-webhook-signature-256': signature })
  return { provider: 'qbitflow', connectionId, headers, rawBody, requestId: 'test' }
}
