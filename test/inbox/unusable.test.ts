import { expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { receive, setStage, shop, signed } from './stage.ts'

setStage()

const keptAs = (body: string) =>
  eventually(async () => {
    const found = await shop.app.db.prisma.inboxMessage.findFirst({ where: { body } })
    return (found?.error !== null || found.appliedAt !== null) && found
  })

test.each([
  ['with a NUL', 'a\u0000b'],
  ['with half of a character', 'a\ud800b'],
  ['that is empty', ''],
  ['that is longer than any', 'x'.repeat(501)],
])(
  'a notification about what is called by an id %s is answered, given up at once, and the reason is shown',
  async (_, id) => {
    for (const status of ['created', 'completed']) {
      const message = await signed({ uuid: `pay@${id}`, txType: 'payment', status: { status }, nonce: newId() })
      expect(await receive(message)).toEqual({ status: 200, body: { received: true } })
      const kept = await keptAs(message.rawBody)
      expect(kept).toMatchObject({ nextAttemptAt: null, appliedAt: null, attempts: 1 })
      expect(kept?.error).toContain('an id has 1 to 500 characters, no NUL and no unpaired surrogate')
    }
    const [shown] = await shop.app.attention.notifications(shop.owner.tenantId, (at) => at.toISOString())
    expect(shown?.message).toMatch(
      /^\d+ notifications? of QBITFLOW w.+ given up, the latest from .+: .+unusable id.+\.$/,
    )
  },
)

test('text that cannot be kept is replaced, and what it is told with is applied', async () => {
  const { id } = await shop.open()
  const { externalId } = await shop.checkout(id)
  const status = { status: 'waitingConfirmation', message: 'a\u0000b\ud800c' }
  const message = await signed({ uuid: `pay@${externalId}`, txType: 'payment', status })
  expect(await receive(message)).toMatchObject({ status: 200 })
  const payment = await shop.reaches(id, 'WAITING_CONFIRMATION')
  expect(payment.message).toBe('a\uFFFDb\uFFFDc')
})
