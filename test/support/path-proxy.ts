import { once } from 'node:events'
import { request as ask, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** A reverse proxy that serves a gateway below a path, which it strips or leaves. */
export async function openPathProxy(prefix: string, strips: boolean) {
  let port = 0
  const pathFor = (url = '/') => (strips ? url.slice(prefix.length) || '/' : url)
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(prefix)) {
      outgoing.writeHead(404).end('not below the prefix')
      return
    }
    const { method, headers, url } = incoming
    const forwarded = ask({ port, method, headers, path: pathFor(url) }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  server.on('upgrade', ({ method, url = '', rawHeaders }, socket, head) => {
    if (!url.startsWith(prefix)) return socket.destroy()
    const outgoing = connect(port, '127.0.0.1')
    const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
    outgoing.write(`${method} ${pathFor(url)} HTTP/1.1\r\n${lines}\r\n`)
    outgoing.write(head)
    outgoing.on('error', () => socket.destroy()).pipe(socket)
    socket.on('error', () => outgoing.destroy()).pipe(outgoing)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    /** What is PUBLIC_URL for the gateway. */
    url: `http://localhost:${(server.address() as AddressInfo).port}${prefix}`,
    leadTo(gatewayUrl: string): void {
      port = Number(new URL(gatewayUrl).port)
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
