import { describe, expect, test } from 'vitest'
import { Turns } from '../../src/db/turns.ts'
import { Unavailable } from '../../src/kernel/unavailable.ts'

const LIMITS = { atOnce: 4, share: 2, waitMs: 60_000, waitingAtMost: 10 }

/** Whoever still waits at the end of a test is refused long after it: that is an error of nobody's. */
function heard<T>(taken: Promise<T>): Promise<T> {
  taken.catch(() => undefined)
  return taken
}

/** Takes turns one after another and tells which were had. */
function asking(turns: Turns) {
  const had: string[] = []
  const givers = new Map<string, () => void>()
  return {
    had,
    ask(party: string, name = party, signal?: AbortSignal) {
      const taken = turns.take(party, signal).then((giveBack) => {
        had.push(name)
        givers.set(name, giveBack)
      })
      return heard(taken)
    },
    async giveBack(name: string) {
      givers.get(name)?.()
      await settled()
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('turns', () => {
  test('one party never has more than its share, however much it asks for', async () => {
    const { ask, had, giveBack } = asking(new Turns(LIMITS))
    for (const name of ['a1', 'a2', 'a3', 'a4']) void ask('a', name)
    await settled()
    expect(had).toEqual(['a1', 'a2'])
    void ask('b')
    await settled()
    expect(had).toEqual(['a1', 'a2', 'b'])
    await giveBack('a1')
    expect(had).toEqual(['a1', 'a2', 'b', 'a3'])
  })

  test('who has least goes first, and among equals who was longest without', async () => {
    const { ask, had, giveBack } = asking(new Turns(LIMITS))
    for (const name of ['a1', 'a2', 'a3']) void ask('a', name)
    for (const name of ['b1', 'b2', 'b3']) void ask('b', name)
    void ask('c')
    void ask('d')
    await settled()
    expect(had).toEqual(['a1', 'a2', 'b1', 'b2'])
    await giveBack('a1')
    await giveBack('b1')
    expect(had.slice(4)).toEqual(['c', 'd'])
    await giveBack('c')
    await giveBack('d')
    expect(had.slice(6)).toEqual(['a3', 'b3'])
  })

  test('a queue that is full refuses at once, and a wait that is too long is ended', async () => {
    const turns = new Turns({ atOnce: 1, share: 1, waitMs: 20, waitingAtMost: 1 })
    const giveBack = await turns.take('a')
    const late = turns.take('a')
    await expect(turns.take('a')).rejects.toBeInstanceOf(Unavailable)
    await expect(late).rejects.toBeInstanceOf(Unavailable)
    giveBack()
    await expect(turns.take('a')).resolves.toBeInstanceOf(Function)
  })

  test('who is gone waits no more, and takes no turn', async () => {
    const { ask, had, giveBack } = asking(new Turns({ ...LIMITS, share: 1 }))
    const gone = new AbortController()
    void ask('a', 'a1')
    const left = ask('a', 'a2', gone.signal)
    void ask('a', 'a3')
    gone.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    await giveBack('a1')
    expect(had).toEqual(['a1', 'a3'])
    await expect(ask('a', 'a4', gone.signal)).rejects.toThrow('gone')
  })

  test('a turn that is given back twice is one turn', async () => {
    const turns = new Turns({ ...LIMITS, atOnce: 1, share: 1 })
    const giveBack = await turns.take('a')
    giveBack()
    giveBack()
    await turns.take('b')
    const waiting = heard(turns.take('c').then(() => 'had'))
    expect(await Promise.race([waiting, settled().then(() => 'waits')])).toBe('waits')
  })
})
