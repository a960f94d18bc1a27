import type { Standing } from '../organizations/rate-limit.ts'

/** Where a key stands, as every answer to it says; the reset in seconds since 1970. */
export function rateLimitHeaders({ limit, remaining, resetAt }: Standing): Readonly<Record<string, string>> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(resetAt.getTime() / 1_000),
  }
}

/** In how many seconds a key that has nothing left may ask again. */
export function retryAfter({ resetAt }: Standing, now: Date): string {
  return String(Math.max(1, Math.ceil((resetAt.getTime() - now.getTime()) / 1_000)))
}
