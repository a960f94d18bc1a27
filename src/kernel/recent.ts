export type Recent<Value> = ReturnType<typeof recent<Value>>

/** What was kept last under each name; beyond so many names the oldest is let go. */
export function recent<Value>(atMost: number) {
  const kept = new Map<string, Value>()
  return {
    get: (name: string): Value | undefined => kept.get(name),
    set(name: string, value: Value): void {
      kept.delete(name)
      kept.set(name, value)
      const [oldest] = kept.keys()
      if (kept.size > atMost && oldest !== undefined) kept.delete(oldest)
    },
  }
}
