/** Why the program cannot start, for the person who started it: one line, printed without a stack, exit code 1. */
export class StartError extends Error {
  override readonly name: string = 'StartError'
}
