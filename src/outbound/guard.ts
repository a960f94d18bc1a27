import { Resolver } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { parseUrl } from '../kernel/url.ts'
import { mayReach, type Reach } from './address.ts'
import { AddressRefused, NoAnswer } from './errors.ts'

/** All addresses of a host's name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

export interface GuardOptions extends Reach {
  readonly resolve?: Resolve
}

/** Keeps a connection to an address that a user named from leading where it must not. */
export interface Guard {
  /** The address as a URL. @throws AddressRefused where what it says is reason enough */
  check(url: string): URL
  /** For the connection: a name leads to the very addresses that were checked, or nowhere. */
  readonly lookup: LookupFunction
}

export function addressGuard({ resolve = askDns, ...reach }: GuardOptions): Guard {
  return {
    check(url) {
      const target = targetOf(url)
      // An address in place of a name is never looked up. The parser has brought every notation to the usual one.
      const literal = target.hostname.replace(/^\[|\]$/g, '')
      if (isIP(literal) !== 0 && !mayReach(literal, reach)) throw notPublic()
      return target
    },

    lookup(hostname, { all }, answer) {
      resolve(hostname).then(
        (addresses) => {
          const found = addresses.map((address) => ({ address, family: isIP(address) }))
          const [first] = found
          if (!first) answer(new NoAnswer('The host was not found'), '')
          else if (!addresses.every((address) => mayReach(address, reach))) answer(notPublic(), '')
          else if (all) answer(null, found)
          else answer(null, first.address, first.family)
        },
        (error) => answer(error, ''),
      )
    },
  }
}

function targetOf(url: string): URL {
  const target = parseUrl(url)
  if (!target) throw new AddressRefused('This is not a URL')
  if (!/^https?:$/.test(target.protocol)) throw new AddressRefused('The URL must begin with http:// or https://')
  if (target.username !== '' || target.password !== '') {
    throw new AddressRefused('The URL must not contain a user name or password')
  }
  return target
}

function notPublic(): AddressRefused {
  return new AddressRefused('The address is not on the public network')
}

const DNS_TIMEOUT_MS = 2_000
const DNS_TRIES = 3

/**
 * DNS is asked itself, not the system's resolver: what the machine's own files call a host is nothing to users, and a
 * name server that keeps silent holds up no thread that others need.
 */
async function askDns(hostname: string): Promise<readonly string[]> {
  if (/^(.+\.)?localhost\.?$/.test(hostname)) return ['127.0.0.1', '::1']
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const [failure] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  if (found.length === 0) throw failure ?? new NoAnswer('The host was not found')
  return found
}
