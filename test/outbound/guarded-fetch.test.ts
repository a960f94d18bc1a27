import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AddressRefused, NoAnswer, TimedOut } from '../../src/outbound/errors.ts'
import { guardedFetch, type OutboundRequest } from '../../src/outbound/guarded-fetch.ts'
import { fetchFollowing } from '../../src/outbound/redirects.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

const POST: OutboundRequest = { method: 'POST', body: '{"a":"é"}', timeoutMs: 2_000, maxAnswerBytes: 1_024 }

let receiver: Receiver
const open = guardedFetch({ allowLoopback: true })
const closed = guardedFetch({ allowLoopback: false })

beforeEach(async () => {
  receiver = await openReceiver()
})

afterEach(() => receiver.close())

describe('a request', () => {
  test('goes out with its method, headers and body, and its answer comes back', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(202, { 'x-own': 'yes' }).end('thanks')
    const answer = await open(`${receiver.url}/hook?a=b`, { ...POST, headers: { 'content-type': 'application/json' } })
    expect([answer.status, answer.headers.get('x-own'), String(answer.body)]).toEqual([202, 'yes', 'thanks'])
    const [heard] = receiver.heard
    expect(heard).toMatchObject({ method: 'POST', path: '/hook?a=b', body: POST.body })
    expect(heard?.headers).toMatchObject({ 'content-length': '10', 'content-type': 'application/json' })
  })

  test('reads no more of the answer than it may', async () => {
    receiver.answer = (_heard, outgoing) => {
      outgoing.writeHead(200)
      const more = () => outgoing.writable && outgoing.write('x'.repeat(65_536), () => setImmediate(more))
      more()
    }
    const answer = await open(receiver.url, { ...POST, maxAnswerBytes: 100 })
    expect(String(answer.body)).toBe('x'.repeat(100))
  })

  test('follows no redirect by itself', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(307, { location: '/elsewhere' }).end()
    expect(await open(receiver.url, POST)).toMatchObject({ status: 307 })
    expect(receiver.heard).toHaveLength(1)
  })

  test.each<[string, (outgoing: ServerResponse) => unknown]>([
    ['does not begin', () => {}],
    ['drips', (outgoing) => drip(outgoing.writeHead(200))],
  ])('whose answer %s is given up in time', async (_name, answer) => {
    receiver.answer = (_heard, outgoing) => answer(outgoing)
    const began = performance.now()
    await expect(open(receiver.url, { ...POST, timeoutMs: 150 })).rejects.toThrow(TimedOut)
    expect(performance.now() - began).toBeLessThan(1_500)
  })

  test('whose name is never found out is given up in time', async () => {
    const silent = guardedFetch({ allowLoopback: true, resolve: () => new Promise(() => {}) })
    await expect(silent('http://shop.example', { ...POST, timeoutMs: 100 })).rejects.toThrow(TimedOut)
  })

  test.each<[string, (outgoing: ServerResponse) => unknown]>([
    ['breaks off before its answer', (outgoing) => outgoing.destroy()],
    [
      'breaks off within its answer',
      (outgoing) => outgoing.writeHead(200, { 'content-length': '100' }).write('half', () => outgoing.destroy()),
    ],
  ])('%s has no answer', async (_name, answer) => {
    receiver.answer = (_heard, outgoing) => answer(outgoing)
    await expect(open(receiver.url, POST)).rejects.toThrow(NoAnswer)
  })

  test('to nobody, or to one who speaks no HTTP, has no answer', async () => {
    const { url } = receiver
    await receiver.close()
    await expect(open(url, POST)).rejects.toThrow('The connection was refused')
    const mute = createServer((socket) => socket.resume().end('SSH-2.0\r\n'))
    await new Promise<void>((resolve) => mute.listen(receiver.port, '127.0.0.1', resolve))
    await expect(open(url, POST)).rejects.toThrow(NoAnswer)
    await new Promise((resolve) => mute.close(resolve))
    const nowhere = guardedFetch({ allowLoopback: true, resolve: async () => [] })
    await expect(nowhere('http://shop.example', POST)).rejects.toThrow('The host was not found')
  })
})

describe('an address', () => {
  test.each([
    'http://127.0.0.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0x7f.1',
    'http://0177.0.0.1',
    'http://127.1',
    'http://127.0.0.1.',
    'http://１２７.0.0.1',
    'http://[::1]',
    'http://[0:0:0:0:0:0:0:1]',
    'http://localhost',
    'http://LOCALHOST.',
    'http://shop.localhost',
  ])('of this machine is refused, written %s', async (url) => {
    await expect(closed(`${url}:${receiver.port}`, POST)).rejects.toThrow(AddressRefused)
    expect(receiver.heard).toEqual([])
  })

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://0251.0376.0251.0376',
    'http://2852039166',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:a9fe:a9fe]',
    'http://[64:ff9b::7f00:1]',
    'http://[fd00:ec2::254]',
    'http://10.0.0.1',
    'http://192.168.0.1',
    'http://0.0.0.0',
    'http://0',
    'ftp://shop.example/',
    'file:///etc/passwd',
    'http://user:pass@shop.example/',
    'https://user@shop.example/',
    'no address',
    '',
  ])('%s is refused, also where loopback is allowed', async (url) => {
    await expect(open(url, { ...POST, timeoutMs: 500 })).rejects.toThrow(AddressRefused)
  })

  test('of this machine is reached where that is allowed, by name too', async () => {
    expect(await open(`http://localhost:${receiver.port}`, POST)).toMatchObject({ status: 204 })
    expect(await open(`http://2130706433:${receiver.port}`, POST)).toMatchObject({ status: 204 })
  })

  test.each([
    ['private', ['10.0.0.1']],
    ['public, and private too', ['8.8.8.8', '10.0.0.1']],
    ['metadata', ['169.254.169.254']],
    ['mapped', ['::ffff:7f00:1']],
    ['no address at all', ['localhost']],
  ])('whose name is %s is refused', async (_name, addresses) => {
    const asked = guardedFetch({ allowLoopback: true, resolve: async () => addresses })
    await expect(asked('http://shop.example', { ...POST, timeoutMs: 500 })).rejects.toThrow(AddressRefused)
  })

  test('is asked for once, and what was checked is what is connected to', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1'], ['10.0.0.1']]
    let asked = 0
    const changing = guardedFetch({ allowLoopback: true, resolve: async () => answers[asked++] ?? [] })
    const url = `http://shop.example:${receiver.port}`
    expect(await changing(url, POST)).toMatchObject({ status: 204 })
    expect([asked, receiver.heard[0]?.headers.host]).toEqual([1, `shop.example:${receiver.port}`])
    await expect(changing(url, POST)).rejects.toThrow(AddressRefused)
    expect(receiver.heard).toHaveLength(1)
  })
})

describe('a request that follows redirects', () => {
  const follow = (url: string) => fetchFollowing(open, url, POST, [301, 307, 308])

  test('is sent again whole, from hop to hop', async () => {
    receiver.answer = ({ path }, outgoing) =>
      path === '/c'
        ? outgoing.writeHead(200).end('here')
        : outgoing.writeHead(308, { location: path === '/a' ? 'b' : '/c' }).end()
    expect(String((await follow(`${receiver.url}/a`)).body)).toBe('here')
    expect(receiver.heard.map(({ method, path, body }) => [method, path, body])).toEqual(
      ['/a', '/b', '/c'].map((path) => ['POST', path, POST.body]),
    )
  })

  test('never reaches a private address by one', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(307, { location: 'http://169.254.169.254/' }).end()
    await expect(follow(receiver.url)).rejects.toThrow(AddressRefused)
  })

  test('leaves other statuses, and places that are none, as they are', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(302, { location: '/b' }).end()
    expect(await follow(receiver.url)).toMatchObject({ status: 302 })
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(307, { location: 'http://' }).end()
    expect(await follow(receiver.url)).toMatchObject({ status: 307 })
  })

  test('ends when it goes in a circle', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(307, { location: '/' }).end()
    await expect(follow(receiver.url)).rejects.toThrow('More than 3 redirects')
    expect(receiver.heard).toHaveLength(4)
  })
})

/** Half a word at a time, without end. */
function drip(outgoing: ServerResponse): void {
  const timer = setInterval(() => outgoing.write('.'), 10)
  outgoing.on('close', () => clearInterval(timer))
}
