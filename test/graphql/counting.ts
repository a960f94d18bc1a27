import pg from 'pg'

/** The statements that go to PostgreSQL while something is done. */
export async function statements(work: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = []
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const first = args[0] as string | { text: string }
    seen.push(typeof first === 'string' ? first : first.text)
    return Reflect.apply(query, this, args)
  } as typeof query
  try {
    await work()
  } finally {
    pg.Client.prototype.query = query
  }
  // The stream looks after itself now and then, whatever is asked.
  return seen.filter((text) => !text.includes('cursor > $2') && !text.includes('FROM event_counter'))
}
