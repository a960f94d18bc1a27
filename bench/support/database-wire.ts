import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What went over the connections to a database so far. */
export interface Traffic {
  /** How often somebody sent something after they had an answer: each is a wait for the network. */
  readonly roundTrips: number
  readonly statements: number
  /** Those of the statements that are a simulator's own. */
  readonly simulator: number
  readonly transactions: number
}

export interface DatabaseWire {
  readonly url: string
  traffic(): Traffic
  /** Keeps what either side sends for so long, as a network between them would. */
  delay(ms: number): void
  close(): Promise<void>
}

type Counts = { -readonly [Name in keyof Traffic]: number }

/** Stands between a client and PostgreSQL, counts what they say and can be as slow as a network. */
export async function openDatabaseWire(databaseUrl: string): Promise<DatabaseWire> {
  const target = new URL(databaseUrl)
  const counts: Counts = { roundTrips: 0, statements: 0, simulator: 0, transactions: 0 }
  let oneWayMs = 0
  const sockets = new Set<Socket>()

  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname)
    const read = reader(counts)
    let answered = true
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        database.destroy()
      })
    }
    client.on('data', (bytes) => {
      if (answered) counts.roundTrips += 1
      answered = false
      read(bytes)
      pass(database, bytes)
    })
    database.on('data', (bytes) => {
      answered = true
      pass(client, bytes)
    })
  })

  function pass(to: Socket, bytes: Buffer): void {
    if (oneWayMs === 0) to.write(bytes)
    else setTimeout(() => to.write(bytes), oneWayMs)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    traffic: () => ({ ...counts }),
    delay(ms) {
      oneWayMs = ms / 2
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const SIMULATOR = /\bsandbox/i
const BEGIN = /^\s*begin\b/i

/** Reads the client's side of the protocol: a kind of one byte, a length, and what belongs to it. */
function reader(counts: Counts): (bytes: Buffer) => void {
  const prepared = new Map<string, string>()
  let kept: Buffer = Buffer.alloc(0)
  let started = false
  let bound = ''

  function count(text: string): void {
    counts.statements += 1
    if (SIMULATOR.test(text)) counts.simulator += 1
    if (BEGIN.test(text)) counts.transactions += 1
  }

  function take(kind: string, body: Buffer): void {
    const words = body.toString('latin1').split('\0')
    if (kind === 'P') prepared.set(words[0] ?? '', words[1] ?? '')
    if (kind === 'B') bound = prepared.get(words[1] ?? '') ?? ''
    if (kind === 'E') count(bound)
    if (kind === 'Q') count(words[0] ?? '')
  }

  return (bytes) => {
    kept = Buffer.concat([kept, bytes])
    for (;;) {
      // The first message has no kind.
      const head = started ? 1 : 0
      if (kept.length < head + 4) return
      const end = head + kept.readInt32BE(head)
      if (kept.length < end) return
      if (started) take(String.fromCharCode(kept[0] ?? 0), kept.subarray(head + 4, end))
      started = true
      kept = kept.subarray(end)
    }
  }
}
