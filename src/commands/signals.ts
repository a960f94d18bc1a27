/** Ctrl-C under npm arrives twice, from the terminal and from npm: a second signal this soon is the same wish. */
const SAME_WISH_MS = 500

/** Settles at the first signal to stop. A later one ends the process at once. */
export function whenAskedToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = performance.now()
        resolve(signal)
      } else if (performance.now() - firstAt > SAME_WISH_MS) {
        process.exit(1)
      }
    }
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
  })
}
