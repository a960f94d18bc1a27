import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

/** A block of addresses, such as 10.0.0.0/8, as its first address and the length of its prefix. */
export type Network = ReturnType<typeof ipaddr.parseCIDR>
type Address = Network[0]

/** What may be reached beside the public network. */
export interface Reach {
  /** This machine: 127.0.0.0/8 and ::1. */
  readonly allowLoopback: boolean
  /** Private networks that the operator opens. */
  readonly networks?: readonly Network[]
}

/** Where IPv6 has given out addresses of the public network; what is outside is special, whatever it carries. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Where clouds answer a machine's questions about itself, its credentials among them, to whoever asks. */
const METADATA = [
  '169.254.0.0/16',
  '168.63.129.16/32', // Azure's wire server, in the midst of public addresses
  '100.100.100.200/32', // Alibaba
  '192.0.0.192/32', // Oracle
  'fe80::/10',
  'fd00:ec2::/32', // AWS
  'fd20:ce::254/128', // Google
].map(ipaddr.parseCIDR)

/**
 * Whether an address that a user named may be connected to: the public network, and the networks that are opened.
 * Loopback, private, link-local, shared, multicast and reserved addresses are refused, and so are the IPv6 forms that
 * carry an IPv4 address, this machine's own addresses and those of a cloud's metadata. The last three stay refused
 * within a network that is opened.
 */
export function mayReach(address: string, { allowLoopback, networks = [] }: Reach): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() === 'loopback') return allowLoopback
  if ([parsed, ...carriedBy(parsed)].some(isNeverReached)) return false
  if (!allowLoopback && isOwn(parsed)) return false
  if (networks.some((network) => isIn(parsed, network))) return carriedBy(parsed).length === 0
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || isIn(parsed, GLOBAL_UNICAST)
}

function isNeverReached(address: Address): boolean {
  const range = address.range()
  return range === 'loopback' || range === 'unspecified' || METADATA.some((network) => isIn(address, network))
}

function isIn(address: Address, [first, length]: Network): boolean {
  return address.kind() === first.kind() && address.match(first, length)
}

/** This machine's, as they are at this moment. */
function isOwn(address: Address): boolean {
  const own = Object.values(networkInterfaces()).flatMap((found = []) => found)
  return own.some((each) => ipaddr.parse(each.address).toNormalizedString() === address.toNormalizedString())
}

/** The IPv4 address that an IPv6 address carries: mapped, translated (NAT64), tunnelled (6to4, Teredo, ISATAP) or compatible. */
function carriedBy(address: Address): Address[] {
  if (address.kind() === 'ipv4') return []
  const parts = (address as ipaddr.IPv6).parts
  const at = (index: number) => {
    const [high = 0, low = 0] = parts.slice(index, index + 2)
    return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
  }
  if (['ipv4Mapped', 'rfc6145', 'rfc6052'].includes(address.range()) || parts.slice(0, 6).every((part) => part === 0)) {
    return [at(6)]
  }
  if (address.range() === '6to4') return [at(1)]
  if (address.range() === 'teredo') return [at(2), ipaddr.parse(inverted(at(6)))]
  return /^(0|200):5efe$/.test(`${parts[4]?.toString(16)}:${parts[5]?.toString(16)}`) ? [at(6)] : []
}

/** Teredo writes the client's address with every bit turned. */
function inverted(address: ipaddr.IPv4): string {
  return address.octets.map((octet) => octet ^ 0xff).join('.')
}

/** The block that a text such as `10.0.0.0/8` or `10.1.2.3` names; undefined where it names none. */
export function networkFrom(text: string): Network | undefined {
  const [address = '', length, ...more] = text.split('/')
  const bits = isIP(address) === 4 ? 32 : 128
  if (isIP(address) === 0 || more.length > 0 || !/^\d{1,3}$/.test(length ?? `${bits}`)) return undefined
  return Number(length ?? bits) <= bits ? [ipaddr.parse(address), Number(length ?? bits)] : undefined
}
