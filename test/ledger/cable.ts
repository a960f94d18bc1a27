import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A cable between the gateway and PostgreSQL that can be cut while a posting is on it. */
export interface Cable {
  readonly url: string
  /**
   * Cuts the next posting's connection: before PostgreSQL has answered, or when it has answered, which it does after
   * the commit. The gateway sees neither answer.
   */
  cutNext(when: 'asked' | 'answered'): void
  /** How many connections were cut. */
  cuts(): number
  close(): Promise<void>
}

export async function layCable(databaseUrl: string): Promise<Cable> {
  const server = new URL(databaseUrl)
  const ends = new Set<Socket>()
  let next: 'asked' | 'answered' | undefined
  let cuts = 0

  const listener = createServer((near) => {
    const far = connect({ host: server.hostname, port: Number(server.port) })
    let cut: 'asked' | 'answered' | undefined
    for (const end of [near, far]) {
      ends.add(end)
      end.on('error', () => end.destroy())
    }
    near.on('data', (chunk) => {
      // The name of the prepared statement goes with every use of it.
      if (next && chunk.includes('ledger.post\0')) {
        cut = next
        next = undefined
      }
      far.write(chunk, () => {
        if (cut === 'asked') drop()
      })
    })
    far.on('data', (chunk) => {
      if (cut) drop()
      else near.write(chunk)
    })
    near.on('close', () => {
      // PostgreSQL is left with its half of a cut connection, as by a network that went away.
      if (!cut) far.destroy()
    })
    far.on('close', () => near.destroy())

    function drop() {
      if (near.destroyed) return
      cuts += 1
      near.destroy()
    }
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String((listener.address() as AddressInfo).port)
  return {
    url: url.href,
    cutNext: (when) => {
      next = when
    },
    cuts: () => cuts,
    async close() {
      for (const end of ends) end.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
