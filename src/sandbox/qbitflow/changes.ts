/** Tells this process that a session's status moved. Only a wake-up: whoever hears it reads the session anew. */
export interface Changes {
  announce(uuid: string): void
  /** Answers how to stop listening. */
  listen(uuid: string, listener: () => void): () => void
}

export function createChanges(): Changes {
  const listeners = new Map<string, Set<() => void>>()
  return {
    announce(uuid) {
      for (const listener of listeners.get(uuid) ?? []) listener()
    },
    listen(uuid, listener) {
      const those = listeners.get(uuid) ?? new Set()
      listeners.set(uuid, those.add(listener))
      return () => {
        those.delete(listener)
        if (those.size === 0 && listeners.get(uuid) === those) listeners.delete(uuid)
      }
    },
  }
}
