import { DIGITS, digits, divideDown, divideUp, sum } from './arithmetic.ts'
/**
 * The ledger in memory, for one who does one thing at a time: what the real one must have done, in some order, however
 * many asked at once. It shares no code with it. A verb answers 'done', or the code of the refusal.
 */

export interface Charged {
  readonly to: string
  readonly amount: bigint
}

interface Part extends Charged {
  /** What the destination receives, in its own currency. */
  readonly received: bigint
  /** In units of 10^-18, where the currencies differ. */
  readonly rate?: bigint | undefined
  /** What it is worth more than what is received, in units of SCALE. */
  readonly rounding: bigint
  refunded: bigint
}

interface Paper {
  readonly kind: 'funding' | 'transfer'
  readonly from: string
  total: bigint
  parts: Part[]
  state: 'HELD' | 'COMPLETED' | 'DECLINED' | 'PARTIALLY_REFUNDED' | 'REFUNDED' | 'ROLLED_BACK'
  readonly expiresAt?: number | undefined
}

interface Holding {
  readonly currency: string
  readonly overdraft: boolean
  frozen: boolean
  balance: bigint
  held: bigint
  /** In units of SCALE, below one. */
  fraction: bigint
}

interface Leg {
  readonly account: string
  readonly amount: bigint
  readonly held?: bigint
  /** What rounding leaves on the account, in units of SCALE: the next leg gives the whole units that it comes to. */
  readonly rounding?: bigint
}

/** The rate that the real ledger froze in a part, where it is known: in units of 10^-18. */
export type FrozenRate = (part: number) => bigint | undefined

/** A minor unit: what is exact in all rates and currencies here. */
const SCALE = 10n ** 20n

export class Model {
  readonly accounts = new Map<string, Holding>()
  readonly papers = new Map<string, Paper>()
  readonly rates = new Map<string, bigint>()

  open(id: string, currency: string, overdraft: boolean): void {
    this.accounts.set(id, { currency, overdraft, frozen: false, balance: 0n, held: 0n, fraction: 0n })
  }

  fund(id: string, to: string, amount: bigint): string {
    const from = `world:${this.at(to).currency}`
    const parts = [{ to, amount, received: amount, rounding: 0n, refunded: 0n }]
    const answer = this.book([
      { account: from, amount: -amount },
      { account: to, amount },
    ])
    if (answer === 'done') this.papers.set(id, { kind: 'funding', from, total: amount, parts, state: 'COMPLETED' })
    return answer
  }

  pay(id: string, from: string, total: bigint, charges: readonly Charged[], rate: FrozenRate): string {
    const parts = this.plan(from, charges, rate)
    if (typeof parts === 'string') return parts
    if (sum(parts) !== total) return 'TOTALS_MISMATCH'
    const paper: Paper = { kind: 'transfer', from, total, parts, state: 'COMPLETED' }
    const answer = this.book(this.payment(paper, 0n))
    if (answer === 'done') this.papers.set(id, paper)
    return answer
  }

  hold(
    id: string,
    from: string,
    total: bigint,
    charges: readonly Charged[],
    rate: FrozenRate,
    expiresAt?: number,
  ): string {
    const parts = this.plan(from, charges, rate)
    if (typeof parts === 'string') return parts
    if (sum(parts) !== total) return 'TOTALS_MISMATCH'
    const answer = this.book([{ account: from, amount: 0n, held: total }])
    if (answer === 'done') this.papers.set(id, { kind: 'transfer', from, total, parts, state: 'HELD', expiresAt })
    return answer
  }

  updateHold(
    id: string,
    total: bigint,
    charges: readonly Charged[] | undefined,
    rate: FrozenRate,
    now: number,
  ): string {
    const paper = this.paper(id)
    const planned = charges && this.plan(paper.from, charges, rate)
    if (typeof planned === 'string') return planned
    if (paper.state !== 'HELD' || expired(paper, now)) return 'INVALID_STATE'
    const parts = planned ?? this.stretch(paper, total)
    if (typeof parts === 'string') return parts
    if (sum(parts) !== total) return 'TOTALS_MISMATCH'
    const answer = this.book([{ account: paper.from, amount: 0n, held: total - paper.total }])
    if (answer === 'done') Object.assign(paper, { total, parts })
    return answer
  }

  complete(id: string, now: number): string {
    const paper = this.paper(id)
    if (paper.state !== 'HELD' || expired(paper, now)) return 'INVALID_STATE'
    const answer = this.book(this.payment(paper, -paper.total))
    if (answer === 'done') paper.state = 'COMPLETED'
    return answer
  }

  decline(id: string): string {
    const paper = this.paper(id)
    if (paper.state !== 'HELD') return 'INVALID_STATE'
    const answer = this.book([{ account: paper.from, amount: 0n, held: -paper.total }])
    if (answer === 'done') paper.state = 'DECLINED'
    return answer
  }

  rollback(id: string): string {
    const paper = this.paper(id)
    if (paper.kind !== 'transfer' || paper.state !== 'COMPLETED') return 'INVALID_STATE'
    const legs = paper.parts.flatMap((part) =>
      this.moved(paper.from, part, -part.amount, -part.received, -part.rounding),
    )
    const answer = this.book([...legs, { account: paper.from, amount: paper.total }])
    if (answer === 'done') paper.state = 'ROLLED_BACK'
    return answer
  }

  refund(id: string, wanted: readonly Charged[]): string {
    const paper = this.paper(id)
    if (paper.kind !== 'transfer' || !['COMPLETED', 'PARTIALLY_REFUNDED'].includes(paper.state)) return 'INVALID_STATE'
    const given = share(paper, wanted)
    if (typeof given === 'string') return given
    const legs = [...given].flatMap(([part, some]) => {
      const upTo = (refunded: bigint) => divideUp(part.received * refunded, part.amount)
      const back = upTo(part.refunded + some) - upTo(part.refunded)
      const rounding = back * SCALE - this.worth(paper.from, part, some)
      return this.moved(paper.from, part, -some, -back, rounding)
    })
    const answer = this.book([...legs, { account: paper.from, amount: sum(wanted) }])
    if (answer !== 'done') return answer
    for (const [part, some] of given) part.refunded += some
    paper.state = paper.parts.every((part) => part.refunded === part.amount) ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
    return answer
  }

  setFrozen(id: string, frozen: boolean): string {
    this.at(id).frozen = frozen
    return 'done'
  }

  setRate(from: string, to: string, rate: bigint): string {
    if (from === to) return 'INVALID'
    this.rates.set(`${from} ${to}`, rate)
    return 'done'
  }

  paper(id: string): Paper {
    const paper = this.papers.get(id)
    if (!paper) throw new Error(`the model has no transaction ${id}`)
    return paper
  }

  private at(id: string): Holding {
    const account = this.accounts.get(id)
    if (account) return account
    const [, currency = ''] = id.split(':')
    if (currency in DIGITS) this.open(id, currency, true)
    else throw new Error(`the model has no account ${id}`)
    return this.at(id)
  }

  /** All legs or none, each looked at in turn. */
  private book(legs: readonly Leg[]): string {
    const before = legs.map(({ account }) => [this.at(account), { ...this.at(account) }] as const)
    let carried = 0n
    for (const { account, amount: told, held = 0n, rounding } of legs) {
      const at = this.at(account)
      let amount = told - carried
      carried = 0n
      if (rounding !== undefined) {
        const sum = at.fraction + rounding
        carried = amount = divideDown(sum, SCALE)
        at.fraction = sum - amount * SCALE
      }
      at.balance += amount
      at.held += held
      const refusal = this.objection(at, amount, held)
      if (!refusal) continue
      for (const [holding, was] of before) Object.assign(holding, was)
      return refusal
    }
    return 'done'
  }

  private objection(at: Holding, amount: bigint, held: bigint): string | undefined {
    const isRelease = amount === 0n && held < 0n
    if (at.frozen && !isRelease) return 'ACCOUNT_FROZEN'
    const takesAway = amount - held < 0n
    return !at.overdraft && takesAway && at.balance < at.held ? 'INSUFFICIENT_FUNDS' : undefined
  }

  private plan(from: string, charges: readonly Charged[], rate: FrozenRate): Part[] | string {
    if (charges.some(({ to }) => to === from)) return 'INVALID'
    const parts: Part[] = []
    for (const [index, { to, amount }] of charges.entries()) {
      const [source, destination] = [this.at(from).currency, this.at(to).currency]
      const used = rate(index) ?? this.rates.get(`${source} ${destination}`)
      if (source !== destination && used === undefined) return 'RATE_MISSING'
      const part = this.part(from, to, amount, used)
      if (part.received === 0n) return 'AMOUNT_TOO_SMALL'
      parts.push(part)
    }
    return parts
  }

  private part(from: string, to: string, amount: bigint, rate: bigint | undefined): Part {
    const [source, destination] = [this.at(from).currency, this.at(to).currency]
    if (source === destination || rate === undefined) {
      return { to, amount, received: amount, rounding: 0n, refunded: 0n }
    }
    const worth = this.worth(from, { to, rate }, amount)
    return { to, amount, received: worth / SCALE, rounding: worth % SCALE, rate, refunded: 0n }
  }

  /** What an amount is worth to a destination, in units of SCALE. */
  private worth(from: string, { to, rate }: Pick<Part, 'to' | 'rate'>, amount: bigint): bigint {
    if (rate === undefined) return amount * SCALE
    const [source, destination] = [this.at(from).currency, this.at(to).currency]
    return (amount * rate * 10n ** digits(destination) * SCALE) / 10n ** (18n + digits(source))
  }

  /** The only charge of a hold, at its new total and its old rate. */
  private stretch({ from, parts }: Paper, total: bigint): Part[] | string {
    const [only, ...others] = parts
    if (!only || others.length > 0) return 'REQUIRED'
    const part = this.part(from, only.to, total, only.rate)
    return part.received === 0n ? 'AMOUNT_TOO_SMALL' : [part]
  }

  private payment({ from, total, parts }: Paper, held: bigint): Leg[] {
    const moved = parts.flatMap((part) => this.moved(from, part, part.amount, part.received, part.rounding))
    return [{ account: from, amount: -total, held }, ...moved]
  }

  /** What a part moves, over the exchange where the currencies differ. */
  private moved(from: string, { to }: Part, amount: bigint, received: bigint, rounding: bigint): Leg[] {
    const [source, destination] = [this.at(from).currency, this.at(to).currency]
    if (source === destination) return [{ account: to, amount }]
    const taken = { account: `exchange:${source}`, amount }
    const given = { account: to, amount: received }
    const exchange = [
      { account: `rounding-gains:${destination}`, amount: 0n, rounding },
      { account: `exchange:${destination}`, amount: -received },
    ]
    return amount < 0n ? [given, ...exchange, taken] : [taken, ...exchange, given]
  }
}

/** What each part gives back, the charges of a destination in their order. */
function share(paper: Paper, wanted: readonly Charged[]): Map<Part, bigint> | string {
  const given = new Map<Part, bigint>()
  for (const [index, { to, amount }] of wanted.entries()) {
    if (wanted.findIndex((other) => other.to === to) !== index) return 'INVALID'
    const parts = paper.parts.filter((part) => part.to === to)
    if (parts.length === 0) return 'NOT_FOUND'
    let due = amount
    for (const part of parts) {
      const left = part.amount - part.refunded
      const some = due > left ? left : due
      if (some > 0n) given.set(part, some)
      due -= some
    }
    if (due > 0n) return 'OUT_OF_RANGE'
  }
  return given
}

function expired({ expiresAt }: Paper, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}
