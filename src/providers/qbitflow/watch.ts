import { on, once } from 'node:events'
import { parseJson } from '../../kernel/json.ts'
import type { ProviderStatus } from '../port/facts.ts'
import type { Connection } from '../port/provider.ts'
import { StatusFrame } from './wire.ts'

/**
 * The status WebSocket of one transaction, which the query names: the current state at once, then each change. The server closes with 1000
 * after a final state; whatever else ends it ends the watch too, and the one who watches asks again.
 */
export async function* watchStatus(
  connection: Connection,
  apiKey: string,
  query: string,
  signal: AbortSignal,
): AsyncGenerator<ProviderStatus> {
  const socket = connection.openSocket(`/transaction/status/ws?${query}`, { 'x-api-key': apiKey })
  const stop = () => socket.terminate()
  signal.addEventListener('abort', stop, { once: true })
  const closed = once(socket, 'close').catch(() => {})
  try {
    for await (const [data] of on(socket, 'message', { close: ['close'] })) {
      const frame = StatusFrame.safeParse(parseJson(String(data)))
      if (frame.success) yield frame.data.status
    }
  } finally {
    signal.removeEventListener('abort', stop)
    socket.close()
    await closed
  }
}
