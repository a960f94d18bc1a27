import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

/** A program that follows every event, and resumes by its cursor at another node when its connection is lost. */
export interface Follower {
  /** The events, in the order in which they came. */
  readonly ids: string[]
  resumed: number
  end(): void
}

const EVENTS = 'subscription ($after: String) { events(after: $after) { id cursor } }'
const RECONNECT_MS = 300

export function follow(urls: readonly string[], key: string, after: string): Follower {
  const follower: Follower = { ids: [], resumed: 0, end: () => {} }
  let ended = false
  let cut = () => {}
  let cursor = after
  follower.end = () => {
    ended = true
    cut()
  }

  function once(url: string): Promise<void> {
    const client = createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      connectionParams: { authorization: `Bearer ${key}` },
      retryAttempts: 0,
      keepAlive: 3_000,
      webSocketImpl: WebSocket,
    })
    return new Promise((resolve) => {
      const over = () => {
        void client.dispose()
        resolve()
      }
      cut = over
      const variables = { after: cursor }
      client.subscribe<{ events: { id: string; cursor: string } }>(
        { query: EVENTS, variables },
        {
          next({ data }) {
            if (!data) return over()
            cursor = data.events.cursor
            follower.ids.push(data.events.id)
          },
          error: over,
          complete: over,
        },
      )
    })
  }

  async function run(): Promise<void> {
    for (let turn = 0; !ended; turn++) {
      await once(urls[turn % urls.length] as string)
      if (ended) return
      follower.resumed += 1
      await sleep(RECONNECT_MS)
    }
  }
  void run()
  return follower
}
