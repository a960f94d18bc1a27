/** Work that several may begin at once. */
export interface Tracked {
  run(): Promise<unknown>
  /** Waits for the runs that are under way, whoever began them and however they end. */
  quiet(): Promise<void>
}

export function tracked(work: () => Promise<unknown>): Tracked {
  const running = new Set<Promise<unknown>>()
  return {
    run() {
      const run = work()
      running.add(run)
      const forget = () => void running.delete(run)
      run.then(forget, forget)
      return run
    },
    async quiet() {
      await Promise.allSettled(running)
    },
  }
}
