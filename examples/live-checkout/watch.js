/** A checkout's client secret is all that a frontend needs: it names the checkout, and opens nothing else. */
export function checkoutIdOf(clientSecret) {
  return clientSecret.split('_secret_')[0]
}

const STATUS = `subscription ($id: ID!, $after: String) {
  transactionStatus(id: $id, after: $after) { state final at message transactionHash cursor }
}`

/** Close codes from here to 4499 say that asking again would be answered in the same way. */
const REFUSED = 4400
const LONGEST_PAUSE_MS = 10_000

/**
 * Watches a checkout over graphql-transport-ws until its status is final. A connection that breaks is made again and
 * resumes after the last status that was seen, so that each comes once.
 *
 * `on.status(status)`, `on.connection('connecting' | 'live' | 'lost' | 'done' | 'refused', reason)`.
 */
export function watchCheckout({ url, clientSecret, on }) {
  const id = checkoutIdOf(clientSecret)
  let socket
  let after
  let failures = 0
  let ended = false

  function connect() {
    on.connection('connecting')
    socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws')
    const send = (message) => socket.send(JSON.stringify(message))
    const receive = {
      connection_ack() {
        failures = 0
        on.connection('live')
        send({ type: 'subscribe', id: '1', payload: { query: STATUS, variables: { id, after } } })
      },
      ping: () => send({ type: 'pong' }),
      next({ payload }) {
        if (payload.errors) return end('refused', payload.errors[0].message)
        const status = payload.data.transactionStatus
        after = status.cursor
        on.status(status)
      },
      error: ({ payload }) => end('refused', payload[0].message),
      complete: () => end('done'),
    }
    socket.onopen = () => send({ type: 'connection_init', payload: { clientSecret } })
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data)
      receive[message.type]?.(message)
    }
    socket.onclose = ({ code, reason }) => {
      if (ended) return
      if (code >= REFUSED && code < REFUSED + 100) return end('refused', reason)
      on.connection('lost')
      setTimeout(connect, Math.min(500 * 2 ** failures++, LONGEST_PAUSE_MS))
    }
  }

  function end(how, reason) {
    ended = true
    socket.close(1000)
    on.connection(how, reason)
  }

  connect()
  return { cut: () => socket.close() }
}
