/** Where a credential may stand: a secret key, or the client secret of one checkout, in any of these places. */

/** From HTTP headers: `Authorization: Bearer …`, `X-API-Key`, or the user name of HTTP Basic. */
export function credentialFromHeaders(header: (name: string) => string | null | undefined): string | undefined {
  return fromAuthorization(header('authorization')) ?? (header('x-api-key') || undefined)
}

/** From the payload of a WebSocket's connection_init, which has no headers to speak of. */
export function credentialFromPayload(payload: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (!payload) return undefined
  const named = new Map(Object.entries(payload).map(([name, value]) => [name.toLowerCase(), value]))
  const read = (name: string) => {
    const value = named.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const given = credentialFromHeaders(read) ?? read('apikey') ?? read('clientsecret')
  return given || credentialFromPayload(asRecord(named.get('headers')))
}

/** GraphiQL sends the headers of its tab with each operation instead of with the connection. */
export function credentialFromExtensions(extensions: unknown): string | undefined {
  return credentialFromPayload(asRecord(asRecord(extensions)?.headers))
}

function fromAuthorization(value: string | null | undefined): string | undefined {
  if (!value) return undefined
  const [scheme = '', rest = ''] = splitOnce(value.trim())
  if (scheme.toLowerCase() === 'bearer') return rest || undefined
  if (scheme.toLowerCase() === 'basic')
    return Buffer.from(rest, 'base64').toString('utf8').split(':', 1)[0] || undefined
  // A key without a scheme is what people paste first; it can mean only one thing.
  return value.trim()
}

function splitOnce(value: string): [string, string] {
  const blank = value.indexOf(' ')
  return blank < 0 ? [value, ''] : [value.slice(0, blank), value.slice(blank + 1).trim()]
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}
