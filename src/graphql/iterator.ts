/** What becomes of one value: another value, nothing, or the last value of all. */
export interface Step<Out> {
  readonly value?: Out
  readonly last?: boolean
}

/**
 * An iterator over another's values. Written by hand because an async generator cannot be ended while it waits for
 * its source, and would keep the source open for a reader who is gone.
 */
export function mapped<In, Out>(
  source: AsyncIterableIterator<In>,
  step: (value: In) => Step<Out>,
  { first = [], ended: onEnd = () => {} }: { first?: readonly Out[]; ended?: () => void } = {},
): AsyncIterableIterator<Out> {
  const waiting = [...first]
  let ended = false

  async function end(): Promise<IteratorReturnResult<undefined>> {
    if (!ended) onEnd()
    ended = true
    waiting.length = 0
    await source.return?.()
    return { value: undefined, done: true }
  }

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      const ready = waiting.shift()
      if (ready !== undefined) return { value: ready, done: false }
      while (!ended) {
        const { value, done } = await source.next()
        if (done) return end()
        const { value: out, last } = step(value)
        if (last) await end()
        if (out !== undefined) return { value: out, done: false }
      }
      return { value: undefined, done: true }
    },
    return: end,
    async throw(error) {
      await end()
      throw error
    },
  }
}

/** An iterator over what is known already. */
export function over<Out>(values: readonly Out[]): AsyncIterableIterator<Out> {
  const nothing: AsyncIterableIterator<never> = {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => Promise.resolve({ value: undefined, done: true }),
  }
  return mapped<never, Out>(nothing, () => ({}), { first: values })
}
