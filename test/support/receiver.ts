import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a receiver was sent. */
export interface Heard {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export type Answer = (heard: Heard, outgoing: ServerResponse) => unknown

/** A user's own server on this machine. */
export interface Receiver {
  readonly url: string
  readonly port: number
  readonly heard: Heard[]
  /** What it does with what it hears: 204 unless told. */
  answer: Answer
  close(): Promise<void>
}

export async function openReceiver(answer: Answer = (_heard, outgoing) => outgoing.writeHead(204).end()) {
  const server = createServer((incoming, outgoing) => {
    hear(incoming).then(
      (heard) => {
        receiver.heard.push(heard)
        return receiver.answer(heard, outgoing)
      },
      () => outgoing.destroy(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    port,
    heard: [],
    answer,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

async function hear(incoming: IncomingMessage): Promise<Heard> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const { method = '', url = '', headers } = incoming
  return { method, path: url, headers, body: String(Buffer.concat(chunks)) }
}
