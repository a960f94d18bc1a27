import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy before a server, which can lose connections as a network does: without a word to either side. */
export interface TcpProxy {
  /** The server's address, over the proxy. */
  readonly url: string
  /** How many connections were served. */
  served(): number
  /** Ends the connections that are open. New ones are served. */
  breakOff(): void
  /** A new connection of which this is true is ended when its client asks for something the first time. */
  endNew(isToEnd: () => boolean): void
  /** Connections that are open are dead from now on, and stay open. New ones are served. */
  loseConnections(): void
  /** No connection is served any more, new ones neither. They are accepted and stay open. */
  fallSilent(): void
  /** Connections are ended, and new ones as soon as they are made, as by a machine whose server is down. */
  goAway(): void
  /** New connections are served again; those that are dead stay so. */
  recover(): void
  close(): Promise<void>
}

const SAID_TO_CONNECT = 4

export async function openProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let pairs: [Socket, Socket][] = []
  let silent = false
  let away = false
  let served = 0
  let isToEnd = () => false

  const server = createServer((client) => {
    keep(client)
    if (away) return void client.destroy()
    if (silent) return void client.resume()
    const upstream = connect(Number(target.port), target.hostname)
    keep(upstream)
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    pairs.push([client, upstream])
    served += 1
    if (isToEnd()) endAtFirstQuestion(client)
  })

  /** Before it a client names itself, proves its password in two steps, and sets its session. */
  function endAtFirstQuestion(client: Socket): void {
    let said = 0
    client.on('data', () => {
      said += 1
      if (said > SAID_TO_CONNECT) client.destroy()
    })
  }

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

  function breakOff(): void {
    for (const socket of sockets) socket.destroy()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: Object.assign(new URL(serverUrl), { host: `127.0.0.1:${port}` }).href,
    served: () => served,
    breakOff,
    goAway() {
      away = true
      breakOff()
    },
    endNew(rule) {
      isToEnd = rule
    },
    loseConnections,
    fallSilent() {
      silent = true
      loseConnections()
    },
    recover() {
      silent = false
      away = false
    },
    async close() {
      breakOff()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
