/** Why the program cannot start, for the person who started it: one line, printed without a stack, exit code 1. */
export class StartError extends Error {
  override readonly name: string = 'StartError'
}

/** The error as one of these, where the database is away: its reason in one line. */
export function asStartError(error: unknown): StartError {
  if (error instanceof StartError) return error
  const reason = (error as Error).message.trim().split('\n').at(-1)
  return new StartError(`the database is not available (${reason})`, { cause: error })
}
