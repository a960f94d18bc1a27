import { parseUrl } from '../kernel/url.ts'
import { AddressRefused, NoAnswer } from './errors.ts'
import type { GuardedFetch, OutboundAnswer, OutboundRequest } from './guarded-fetch.ts'

const HOPS_AT_MOST = 3

/** What live mode sends goes out encrypted, wherever a redirect may lead. */
export function overTls(fetch: GuardedFetch): GuardedFetch {
  return async (url, request) => {
    if (new URL(url).protocol !== 'https:') throw new AddressRefused('The URL must begin with https:// in live mode')
    return fetch(url, request)
  }
}

/**
 * Sends a request and follows redirects with one of these statuses, each time with the same method and body, at most
 * `hopsAtMost` times. Every hop is checked as the first address was, and all of them share the request's time.
 * @throws OutboundError as a guarded fetch does, and NoAnswer for too many hops
 */
export async function fetchFollowing(
  fetch: GuardedFetch,
  url: string,
  request: OutboundRequest,
  statuses: readonly number[],
  hopsAtMost = HOPS_AT_MOST,
): Promise<OutboundAnswer> {
  const until = performance.now() + request.timeoutMs
  let target = url
  for (let hop = 0; hop <= hopsAtMost; hop++) {
    const timeoutMs = Math.max(1, until - performance.now())
    const answer = await fetch(target, { ...request, timeoutMs })
    const location = answer.headers.get('location')
    const next = statuses.includes(answer.status) && location !== null ? parseUrl(location, target) : undefined
    if (!next) return answer
    target = next.href
  }
  throw new NoAnswer(`More than ${hopsAtMost} redirects`)
}
