import type { CheckoutKind } from '../db/generated/enums.ts'
import { DomainError } from '../kernel/errors.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { type Able, type Connected, noneAble } from '../providers/registry.ts'

/** What is to be sold. */
export interface Wish {
  readonly kind: CheckoutKind
  /** Absent where it is not known: then it decides nothing. */
  readonly currency?: string | undefined
  /** The provider that the caller names. */
  readonly provider?: ProviderName | undefined
}

export interface Choice {
  readonly provider: Able<'checkouts'>
  /** Why it is this one, for the log. */
  readonly reason: string
}

/**
 * Which of a tenant's providers serves a wish: the first connected one that can do the kind and the currency and is not
 * known to be down. Where all of those are down it is the first of them, whose failure the caller is told.
 * @throws DomainError UNSUPPORTED with what each of them does not do
 */
export function chooseProvider(connected: readonly Connected[], wish: Wish): Choice {
  const candidates = connected.filter((one) => sells(one) && (!wish.provider || one.name === wish.provider))
  const judged = (candidates as Able<'checkouts'>[]).map((provider) => ({
    provider,
    obstacle: obstacleOf(provider, wish),
  }))
  const able = judged.filter(({ obstacle }) => !obstacle)
  const chosen = able.find(({ provider }) => !provider.isDown) ?? able[0]
  if (chosen) {
    const passedOver = judged
      .slice(0, judged.indexOf(chosen))
      .map(({ provider, obstacle }) => `${provider.name} ${obstacle ?? DOWN}`)
    return {
      provider: chosen.provider,
      reason: [...passedOver, `${chosen.provider.name} is the next that can`].join('; '),
    }
  }
  const [only, ...others] = judged
  if (!only) throw noneAble('checkouts', wish.provider)
  // What a single one does not do is told by the field that asks for it.
  if (others.length === 0) return { provider: only.provider, reason: `${only.provider.name} is the only one` }
  throw unsupported(
    `no connected provider can: ${judged.map(({ provider, obstacle }) => `${provider.name} ${obstacle}`).join('; ')}`,
  )
}

/**
 * Why none of a tenant's providers sells anything in one of these currencies. Undefined where one does, and where none is
 * connected that sells: who is connected later may.
 */
export function whyUnsold(connected: readonly Connected[], currencies: readonly string[]): string | undefined {
  const sellers = connected.filter(sells) as Able<'checkouts'>[]
  if (sellers.some(({ checkouts }) => checkouts.currencies.some((code) => currencies.includes(code)))) return undefined
  return sellers.map((provider) => `${provider.name} ${takes(provider)}`).join('; ') || undefined
}

const DOWN = 'could not be reached'

function sells({ checkouts }: Connected): boolean {
  return checkouts !== undefined
}

/** Why a provider cannot serve a wish; undefined where it can. */
function obstacleOf({ checkouts }: Able<'checkouts'>, { kind, currency }: Wish): string | undefined {
  if (!checkouts.kinds.includes(kind)) return `does not support checkouts of the kind ${kind}`
  if (currency && !checkouts.currencies.includes(currency)) return takes({ checkouts })
  return undefined
}

function takes({ checkouts }: Pick<Able<'checkouts'>, 'checkouts'>): string {
  return `accepts only prices in ${checkouts.currencies.join(', ')}`
}

function unsupported(message: string): DomainError {
  return new DomainError({ code: 'UNSUPPORTED', message, field: ['provider'] })
}
