import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The number of a realm's account: the realm's UUID without its hyphens. */
export function merchantOf(realm: string): string {
  return realm.replaceAll('-', '')
}

/** The realm whose account has this number; undefined where it is none. */
export function realmIn(merchant: string): string | undefined {
  const parts = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(merchant)
  return parts?.slice(1).join('-')
}

export function signingKeyOf(secret: string, realm: string): string {
  return createHmac('sha256', secret).update(`made-up signing key of ${realm}`).digest('hex')
}

/** The value of X-Signature: over the path below /v1, a line feed, and the body as sent. */
export function requestSignature(signingKey: string, path: string, body: string): string {
  return createHmac('sha256', signingKey).update(`${path}\n${body}`).digest('hex')
}

/** The value of X-Notice-Signature. */
export function noticeSignature(signingKey: string, body: string): string {
  return createHash('sha256')
    .update(body + signingKey)
    .digest('hex')
    .toUpperCase()
}

export function isSame(expected: string, given: string): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given)]
  return one.length === other.length && timingSafeEqual(one, other)
}
