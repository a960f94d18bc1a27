/**
 * What could not be answered at this moment and may be asked again: the database is away, busy, locked or full. It says
 * nothing about the request, and is never the fault of who asked.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  /** After how many seconds it makes sense to ask again. */
  readonly retryAfter: number

  constructor(message: string, options: ErrorOptions & { retryAfter?: number } = {}) {
    super(message, options)
    this.retryAfter = options.retryAfter ?? 1
  }
}

/** The error as one of these, where the database's state is its cause; undefined for every other error. */
export function unavailable(error: unknown): Unavailable | undefined {
  for (const each of causesOf(error)) {
    if (each instanceof Unavailable) return each
    if (isOfTheDatabase(each)) return new Unavailable('The database is not available; try again', { cause: error })
  }
  return undefined
}

/** Another transaction has taken meanwhile what this one found free: the next try will see it. */
export class TakenMeanwhile extends Error {
  override readonly name = 'TakenMeanwhile'
}

/** Two transactions were in each other's way: the same work may pass at the next try. */
export function isConflict(error: unknown): boolean {
  return error instanceof TakenMeanwhile || CONFLICTS.some((code) => hasCode(error, code))
}

/** Whether it, or what it came from, has this code. */
export function hasCode(error: unknown, wanted: string): boolean {
  return causesOf(error).some(({ code, originalCode }) => code === wanted || originalCode === wanted)
}

const CONFLICTS = ['P2034', '40001', '40P01']

/**
 * PostgreSQL's: 08 a lost connection, 53 too few resources (connections, memory, disk), 57 an operator's or a time
 * limit's intervention, 25006 a server that is read-only, 25P03 and 25P04 a transaction that took too long, 55P03 a lock
 * that was not had in time, 58030 a disk that fails, 40001 and 40P01 a conflict of transactions.
 */
const SQL_STATE = /^(08...|53...|57014|57P0[1-5]|25006|25P0[34]|55P03|58030|40001|40P01)$/
/** Prisma's: the server is not reached or in time, the connection was closed, no connection or transaction was had. */
const PRISMA_CODE = /^(P1001|P1002|P1008|P1011|P1017|P1018|P2024|P2028|P2034|P2037)$/
const SOCKET_CODE =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)$/
/** What the driver and Prisma say without a code. */
const MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Transaction API error)/

interface Described {
  readonly name?: unknown
  readonly code?: unknown
  readonly originalCode?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly originalError?: unknown
  readonly errors?: unknown
  readonly meta?: { readonly driverAdapterError?: unknown }
}

function isOfTheDatabase({ name, code, originalCode, message }: Described): boolean {
  // No server of those that the address names takes changes at this moment.
  if (name === 'ReadOnlyError') return true
  for (const each of [code, originalCode]) {
    if (typeof each !== 'string') continue
    if (SQL_STATE.test(each) || PRISMA_CODE.test(each) || SOCKET_CODE.test(each)) return true
  }
  return typeof message === 'string' && MESSAGE.test(message)
}

const CAUSES_AT_MOST = 20

/** The error and what it came from, in whatever wrapping a library has put it. */
function causesOf(error: unknown): Described[] {
  const found = [error]
  for (let index = 0; index < found.length && index < CAUSES_AT_MOST; index++) {
    const { cause, originalError, errors, meta } = (found[index] ?? {}) as Described
    found.push(cause, originalError, meta?.driverAdapterError, ...(Array.isArray(errors) ? errors : []))
  }
  return found.filter((each): each is Described => typeof each === 'object' && each !== null)
}
