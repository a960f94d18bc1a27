import { WebSocket } from 'ws'

export interface Message {
  readonly type: string
  readonly id?: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its own query asked for
  readonly payload?: any
}

/** A peer that speaks the protocol by hand, so that it can also speak it badly. */
export interface Peer {
  readonly socket: WebSocket
  send(message: object | string | Buffer): void
  /** The next message that came, in order. */
  next(): Promise<Message>
  /** Messages that nobody has read yet. */
  readonly unread: Message[]
  readonly closed: Promise<{ code: number; reason: string }>
  init(payload?: object): Promise<void>
  subscribe(id: string, query: string, payload?: object): void
}

export function connect(url: string, options: { protocol?: string; origin?: string } = {}): Promise<Peer> {
  const { protocol = 'graphql-transport-ws', origin } = options
  const socket = new WebSocket(url.replace('http', 'ws'), protocol, origin === undefined ? {} : { origin })
  const unread: Message[] = []
  const waiting: ((message: Message) => void)[] = []
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Message
    const reader = waiting.shift()
    if (reader) reader(message)
    else unread.push(message)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  const peer: Peer = {
    socket,
    unread,
    closed,
    send(message) {
      socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
    },
    next() {
      const ready = unread.shift()
      if (ready) return Promise.resolve(ready)
      return new Promise((resolve) => waiting.push(resolve))
    },
    async init(payload) {
      peer.send({ type: 'connection_init', ...(payload && { payload }) })
      const { type } = await peer.next()
      if (type !== 'connection_ack') throw new Error(`expected an acknowledgement, got ${type}`)
    },
    subscribe(id, query, payload = {}) {
      peer.send({ type: 'subscribe', id, payload: { query, ...payload } })
    },
  }
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(peer))
    socket.on('error', reject)
  })
}
