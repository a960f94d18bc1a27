/** Where a request says who asks: in headers, or over a WebSocket in what stands for them. */

/** A header's value by its name in lower case. */
export type ReadHeader = (name: string) => string | undefined

/** A secret key or client secret: `Authorization: Bearer …`, `X-API-Key`, or the user name of HTTP Basic. */
export function credentialFrom(header: ReadHeader): string | undefined {
  return fromAuthorization(header('authorization')) ?? (header('x-api-key') || undefined)
}

/** The token of the tenant's own client: `X-Client-Token`, or the password of HTTP Basic. */
export function clientTokenFrom(header: ReadHeader): string | undefined {
  return header('x-client-token') || basicOf(header('authorization'))?.password || undefined
}

/**
 * The headers that the payload of a WebSocket's connection_init stands for: its own fields, in any case, and those of its
 * `headers`. The words that frontends prefer, `apiKey`, `clientSecret` and `clientToken`, are understood too.
 */
export function headersOfPayload(payload: unknown): ReadHeader {
  const own = fieldsOf(payload)
  const inner = fieldsOf(own.get('headers'))
  const textAt = (name: string) => [own.get(name), inner.get(name)].find((value) => typeof value === 'string')
  return (name) => [name, ...(ALSO[name] ?? [])].map(textAt).find((value) => value !== undefined)
}

const ALSO: Readonly<Record<string, readonly string[]>> = {
  'x-api-key': ['apikey', 'clientsecret'],
  'x-client-token': ['clienttoken'],
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return new Map(entries.map(([name, inner]) => [name.toLowerCase(), inner]))
}

function fromAuthorization(value: string | undefined): string | undefined {
  if (!value) return undefined
  const basic = basicOf(value)
  if (basic) return basic.username || undefined
  const [scheme, rest] = schemeOf(value)
  if (scheme === 'bearer') return rest || undefined
  // A key without a scheme is what people paste first; it can mean only one thing.
  return value.trim()
}

function basicOf(value: string | undefined): { readonly username: string; readonly password: string } | undefined {
  const [scheme, rest] = schemeOf(value ?? '')
  if (scheme !== 'basic') return undefined
  const text = Buffer.from(rest, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0
    ? { username: text, password: '' }
    : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function schemeOf(value: string): [string, string] {
  const text = value.trim()
  const blank = text.indexOf(' ')
  return blank < 0 ? [text.toLowerCase(), ''] : [text.slice(0, blank).toLowerCase(), text.slice(blank + 1).trim()]
}
