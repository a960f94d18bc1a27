import type { IncomingMessage } from 'node:http'
import ipaddr from 'ipaddr.js'

/** Where proxies and containers stand. Nobody on the public network connects from there. */
const NEARBY = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'])

/**
 * Whose request it is, for limits per address: the address of the connection, or what a proxy nearby says of it. An IPv6
 * network of 64 bits is one customer.
 */
export function clientAddress({ socket, headers }: IncomingMessage): string {
  const peer = socket.remoteAddress ?? ''
  const forwarded =
    String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)
      ?.trim() ?? ''
  const address = ipaddr.isValid(forwarded) && isNearby(peer) ? forwarded : peer
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv4' ? parsed.toString() : ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/64`).toString()
}

function isNearby(address: string): boolean {
  return ipaddr.isValid(address) && NEARBY.has(ipaddr.process(address).range())
}
