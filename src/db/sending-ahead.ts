/**
 * A statement of a transaction whose answer nobody needs goes out together with the next one, so that both cost one
 * wait for the network. BEGIN always does. Where it fails, the transaction has failed: the statement that comes next is
 * told why, and so is COMMIT.
 */

const MARK = '/* sent ahead */ '
const GOES_AHEAD = /^(BEGIN$|\/\* sent ahead \*\/)/
const ENDS = /^(COMMIT|ROLLBACK)$/

interface Sender {
  $executeRawUnsafe(text: string, ...values: unknown[]): PromiseLike<number>
}

/** Sends a statement of a transaction without waiting for its answer. */
export async function sendAhead(tx: Sender, text: string, ...values: readonly unknown[]): Promise<void> {
  await tx.$executeRawUnsafe(MARK + text, ...values)
}

type Callback = (error: unknown, result?: unknown) => void
type Query = (...given: unknown[]) => Promise<unknown> | undefined

const NOTHING = { command: '', rowCount: 0, rows: [], fields: [] }

/** The statements of one connection, which takes the next before it has answered the last. */
export function sendingAhead(query: Query): Query {
  let failed: { readonly error: unknown } | undefined

  function note(error: unknown): void {
    if (error) failed ??= { error }
  }

  function ahead(given: readonly unknown[], callback: Callback | undefined): Promise<unknown> | undefined {
    query(...given, note)
    if (!callback) return Promise.resolve(NOTHING)
    process.nextTick(callback, null, NOTHING)
    return undefined
  }

  /** What went wrong first is why everything after it did. */
  function outcome(text: string, error: unknown): unknown {
    const first = failed?.error
    if (ENDS.test(text)) failed = undefined
    return text === 'ROLLBACK' ? error : (first ?? error)
  }

  return (...given) => {
    const callback = given.find((each): each is Callback => typeof each === 'function')
    const asked = given.filter((each) => each !== callback)
    const text = textOf(asked[0])
    if (GOES_AHEAD.test(text)) return ahead(asked, callback)
    if (callback) return query(...asked, (error: unknown, result: unknown) => callback(outcome(text, error), result))
    return new Promise((resolve, reject) => {
      query(...asked, (error: unknown, result: unknown) => {
        const wrong = outcome(text, error)
        if (wrong) reject(wrong)
        else resolve(result)
      })
    })
  }
}

function textOf(statement: unknown): string {
  return typeof statement === 'string' ? statement : ((statement as { text?: string }).text ?? '')
}
