import pg from 'pg'

/** The statements that go to PostgreSQL while something is done. */
export async function statements(work: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = []
  // Where all of them pass, whichever way they were asked.
  const sent = pg.Query.prototype as unknown as { submit(this: { text: string }, connection: unknown): unknown }
  const { submit } = sent
  sent.submit = function (connection) {
    seen.push(this.text)
    return submit.call(this, connection)
  }
  try {
    await work()
  } finally {
    sent.submit = submit
  }
  // The stream looks after itself, also on its own connection, a key's use is noted now and then, permits are taken in
  // blocks, and a connection that is opened meanwhile is set up.
  const others = ['cursor > $2', 'FROM event_counter', 'SET last_used_at', 'rate_window', 'pg_is_in_recovery()']
  return seen.filter((text) => text !== 'SELECT 1' && !others.some((other) => text.includes(other)))
}
