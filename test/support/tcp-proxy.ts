import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy before a server, which can lose connections as a network does: without a word to either side. */
export interface TcpProxy {
  /** The server's address, over the proxy. */
  readonly url: string
  /** How many connections were served. */
  served(): number
  /** Ends the connections that are open. New ones are served. */
  breakOff(): void
  /** Connections that are open are dead from now on, and stay open. New ones are served. */
  loseConnections(): void
  /** No connection is served any more, new ones neither. They are accepted and stay open. */
  fallSilent(): void
  /** New connections are served again; those that are dead stay so. */
  recover(): void
  close(): Promise<void>
}

export async function openProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let pairs: [Socket, Socket][] = []
  let silent = false
  let served = 0

  const server = createServer((client) => {
    keep(client)
    if (silent) return void client.resume()
    const upstream = connect(Number(target.port), target.hostname)
    keep(upstream)
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    pairs.push([client, upstream])
    served += 1
  })

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  function loseConnections(): void {
    for (const [client, upstream] of pairs) {
      client.unpipe(upstream)
      upstream.unpipe(client)
      client.resume()
      upstream.resume()
    }
    pairs = []
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: Object.assign(new URL(serverUrl), { host: `127.0.0.1:${port}` }).href,
    served: () => served,
    breakOff() {
      for (const socket of sockets) socket.destroy()
    },
    loseConnections,
    fallSilent() {
      silent = true
      loseConnections()
    },
    recover() {
      silent = false
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
