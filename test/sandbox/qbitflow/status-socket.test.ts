import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { newId } from '../../../src/kernel/id.ts'
import { BY_THE_CLOCK, PAYER, type Playground, reaches, startPlayground, until } from './support.ts'

let world: Playground

beforeAll(async () => {
  world = await startPlayground(BY_THE_CLOCK)
})

afterAll(() => world.close())

interface Heard {
  // biome-ignore lint/suspicious/noExplicitAny: what a frame holds is what each test is about
  readonly frames: any[]
  readonly code: number
}

/** Listens until the server closes; what it hears also goes into `frames` at once. */
function listen(query: string, path = '/v1/transaction/status/ws', frames: unknown[] = []): Promise<Heard> {
  const socket = new WebSocket(`${world.publicUrl.replace('http', 'ws')}${path}?${query}`, {
    headers: { 'X-API-Key': world.apiKey },
  })
  return new Promise((resolve, reject) => {
    socket.on('message', (data) => frames.push(JSON.parse(String(data))))
    socket.on('error', reject)
    socket.on('close', (code) => resolve({ frames, code }))
  })
}

/** A socket that has been told where the transaction stands; rejects for one that is closed before. */
function opened(uuid: string): Promise<WebSocket> {
  const address = `${world.publicUrl.replace('http', 'ws')}/v1/transaction/status/ws?txUUID=${uuid}&txType=payment`
  const socket = new WebSocket(address)
  return new Promise((resolve, reject) => {
    socket.once('message', () => resolve(socket))
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)))
    socket.once('error', reject)
  })
}

const statuses = ({ frames }: Heard) => frames.map((frame) => frame.status.status)

describe('the status socket', () => {
  test('sends where the transaction stands, then every change once, and ends with 1000', async () => {
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'PAY', currencySymbol: 'SOL', customer: PAYER })
    const [first, second]: unknown[][] = [[], []]
    const listening = Promise.all([
      listen(`txUUID=pay@${uuid}&txType=payment`, '/v1/transaction/status/ws', first),
      listen(`transactionUUID=${uuid}&transactionStatusType=payment`, '/v1/transaction/status/ws/', second),
    ])
    await until(async () => first?.length === 1 && second?.length === 1)
    await world.passMinute()
    await world.passMinute()
    const heard = await listening
    for (const each of heard) {
      expect(statuses(each)).toEqual(['created', 'waitingConfirmation', 'completed'])
      expect(each.code).toBe(1000)
    }
    const txHash = expect.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{80,}$/)
    expect(heard[0]?.frames[2]).toEqual({
      transactionUUID: `pay@${uuid}`,
      status: { status: 'completed', txHash, type: 'payment' },
    })
  })

  test('sees what another process did', async () => {
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'FAIL', customer: PAYER })
    const frames: unknown[] = []
    const listening = listen(`txUUID=${uuid}&txType=payment`, '/v1/transaction/status/ws', frames)
    await until(async () => frames.length === 1)
    world.aheadMs += 120_000
    await world.restart(BY_THE_CLOCK).runDue()
    expect([statuses(await listening), frames.length]).toEqual([['created', 'waitingConfirmation', 'failed'], 3])
  })

  test('sends a final state once and ends', async () => {
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'EXPIRE' })
    await reaches(world, uuid, 'expired')
    const heard = await listen(`txUUID=${uuid}&txType=payment`)
    expect([statuses(heard), heard.code]).toEqual([['expired'], 1000])
  })

  test('says 404 for what it does not know, and ends with 1000 so that nobody comes back', async () => {
    const unpaid = await world.session()
    for (const uuid of [newId(), unpaid, 'nonsense']) {
      expect(await listen(`txUUID=pay@${uuid}&txType=payment`)).toEqual({
        frames: [{ error: 'resource not found', status: 404, message: 'resource not found' }],
        code: 1000,
      })
    }
  })

  test('says 400 when a parameter is missing', async () => {
    const { frames, code } = await listen('txType=payment')
    expect([frames, code]).toEqual([[{ error: expect.any(String), status: 400, message: 'TxUUID is required' }], 1000])
  })

  test('leaves other paths to others', async () => {
    await expect(listen('txType=payment', '/v1/elsewhere')).rejects.toThrow()
  })

  test('gives one transaction no more than twenty sockets, and another its own', async () => {
    const [crowded, other] = [await world.session(), await world.session()]
    for (const uuid of [crowded, other]) await world.play(uuid, { outcome: 'PAY', customer: PAYER })
    const sockets = await Promise.all(Array.from({ length: 20 }, () => opened(crowded)))
    expect((await listen(`txUUID=pay@${crowded}&txType=payment`)).code).toBe(1013)
    const free = await opened(other)
    sockets[0]?.terminate()
    await until(async () => {
      const again = await opened(crowded).catch(() => undefined)
      again?.terminate()
      return again !== undefined
    })
    for (const socket of [...sockets, free]) socket.terminate()
  })

  test('ends a client that sends messages without end', async () => {
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'PAY', customer: PAYER })
    const socket = await opened(uuid)
    const code = new Promise((resolve) => socket.on('close', resolve))
    for (let index = 0; index < 101; index++) socket.send('hello')
    expect(await code).toBe(1008)
  })

  test('ends with 1001 when the server stops, and with 1009 on a message that is too long', async () => {
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'PAY', customer: PAYER })
    const socket = new WebSocket(
      `${world.publicUrl.replace('http', 'ws')}/v1/transaction/status/ws?txUUID=${uuid}&txType=payment`,
    )
    const code = new Promise((resolve) => socket.on('close', resolve))
    socket.on('message', () => socket.send('x'.repeat(5_000)))
    expect(await code).toBe(1009)
    const frames: unknown[] = []
    const staying = listen(`txUUID=${uuid}&txType=payment`, '/v1/transaction/status/ws', frames)
    await until(async () => frames.length === 1)
    await world.sandbox.close()
    expect((await staying).code).toBe(1001)
  })
})
