import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Network } from '../../src/outbound/address.ts'
import { networkFrom } from '../../src/outbound/address.ts'
import { AddressRefused } from '../../src/outbound/errors.ts'
import { guardedSocket } from '../../src/outbound/guarded-socket.ts'

let server: WebSocketServer
let port: number
let connections = 0

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket, { headers }) => {
    connections += 1
    socket.send(String(headers['x-api-key']))
  })
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(() => server.close())

const everything = ['0.0.0.0/0', '::/0'].map((text) => networkFrom(text) as Network)
const errorOf = async (socket: WebSocket) => (await once(socket, 'error'))[0]

describe('a WebSocket to an address that a user named', () => {
  test('goes out with its headers where the address may be reached', async () => {
    const socket = guardedSocket({ allowLoopback: true })(`http://127.0.0.1:${port}/ws`, { 'x-api-key': 'k' })
    expect(String((await once(socket, 'message'))[0])).toBe('k')
    socket.terminate()
  })

  test.each([
    'http://127.0.0.1',
    'https://[::1]',
    'http://2130706433',
    'http://0x7f.1',
    'http://169.254.169.254',
    'http://168.63.129.16',
    'https://[::ffff:10.0.0.1]',
    'ftp://127.0.0.1',
    'http://a:b@8.8.8.8',
    'nowhere',
  ])('is refused as a request would be: %s', (url) => {
    const open = guardedSocket({ allowLoopback: false, networks: everything })
    expect(() => open(url, {})).toThrow(AddressRefused)
  })

  test.each([
    ['this machine', ['127.0.0.1']],
    ['a public address and this machine', ['8.8.8.8', '127.0.0.1']],
    ["a cloud's metadata, as metadata.google.internal does", ['169.254.169.254']],
    ["a cloud's wire server", ['168.63.129.16']],
    ['nothing', []],
  ])('is refused where its name leads to %s', async (_name, addresses) => {
    const before = connections
    const open = guardedSocket({ allowLoopback: false, networks: everything, resolve: async () => addresses })
    const error = await errorOf(open(`http://provider.example:${port}/ws`, {}))
    expect(error.name).toBe(addresses.length > 0 ? 'AddressRefused' : 'NoAnswer')
    expect(connections).toBe(before)
  })
})
