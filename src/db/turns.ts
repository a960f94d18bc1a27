import { Unavailable } from '../kernel/unavailable.ts'

export interface TurnLimits {
  /** How many turns there are. */
  readonly atOnce: number
  /** How many of them one party may have. */
  readonly share: number
  /** How long a party waits for one. */
  readonly waitMs: number
  /** How many of a party may wait. */
  readonly waitingAtMost: number
}

export type GiveBack = () => void

interface Waiting {
  readonly begin: (giveBack: GiveBack) => void
}

interface Party {
  running: number
  readonly waiting: Waiting[]
}

/**
 * Who may go next where there is not enough for all. Each party has its share and no more, and among those that wait the
 * party that has the least goes first, so that one that asks for a thousand things holds up nobody who asks for one.
 */
export class Turns {
  readonly #limits: TurnLimits
  /** In the order in which they last had a turn. */
  readonly #parties = new Map<string, Party>()
  #running = 0

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  /** @throws Unavailable when too many wait already, or none was had in time; the signal's reason when it is aborted */
  async take(name: string, signal?: AbortSignal): Promise<GiveBack> {
    signal?.throwIfAborted()
    const party = this.#parties.get(name) ?? { running: 0, waiting: [] }
    if (party.waiting.length >= this.#limits.waitingAtMost) throw busy()
    this.#parties.set(name, party)
    if (party.waiting.length === 0 && this.#isFree(party)) return this.#begin(name, party)
    return this.#wait(name, party, signal)
  }

  #isFree({ running }: Party): boolean {
    return this.#running < this.#limits.atOnce && running < this.#limits.share
  }

  #begin(name: string, party: Party): GiveBack {
    this.#running += 1
    party.running += 1
    // To the end of the order.
    this.#parties.delete(name)
    this.#parties.set(name, party)
    let given = false
    return () => {
      if (given) return
      given = true
      this.#running -= 1
      party.running -= 1
      this.#forget(name, party)
      this.#next()
    }
  }

  #wait(name: string, party: Party, signal?: AbortSignal): Promise<GiveBack> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        begin: (giveBack) => {
          stop()
          resolve(giveBack)
        },
      }
      const giveUp = (error: unknown) => {
        stop()
        party.waiting.splice(party.waiting.indexOf(waiting), 1)
        this.#forget(name, party)
        reject(error)
      }
      const overdue = setTimeout(() => giveUp(busy()), this.#limits.waitMs)
      const onAbort = () => giveUp(signal?.reason)
      const stop = () => {
        clearTimeout(overdue)
        signal?.removeEventListener('abort', onAbort)
      }
      signal?.addEventListener('abort', onAbort)
      party.waiting.push(waiting)
    })
  }

  #next(): void {
    for (;;) {
      let least: [string, Party] | undefined
      for (const entry of this.#parties) {
        const [, party] = entry
        if (party.waiting.length === 0 || !this.#isFree(party)) continue
        if (!least || party.running < least[1].running) least = entry
      }
      const waiting = least?.[1].waiting.shift()
      if (!least || !waiting) return
      waiting.begin(this.#begin(...least))
    }
  }

  #forget(name: string, party: Party): void {
    if (party.running === 0 && party.waiting.length === 0) this.#parties.delete(name)
  }
}

function busy(): Unavailable {
  return new Unavailable('Too many requests are waiting for the database; try again later', { retryAfter: 2 })
}
