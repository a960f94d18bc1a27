import ipaddr from 'ipaddr.js'

/** Where IPv6 has given out addresses of the public network; what is outside is special, whatever it carries. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an address that a user named may be connected to: the public network alone. Loopback, private, link-local
 * (the clouds' metadata among it), shared, multicast and reserved addresses are refused, and so are the IPv6 forms that
 * carry an IPv4 address. `allowLoopback` opens 127.0.0.0/8 and ::1, and nothing else.
 */
export function mayReach(address: string, allowLoopback: boolean): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (range === 'loopback') return allowLoopback
  if (range !== 'unicast') return false
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST)
}
