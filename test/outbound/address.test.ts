import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { mayReach, type Network, networkFrom } from '../../src/outbound/address.ts'

const PUBLIC = { allowLoopback: false }
const LOCAL = { allowLoopback: true }
const LOOPBACK = ['127.0.0.1', '127.255.255.254', '::1']

const REFUSED = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '169.254.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::127.0.0.1',
  '::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:0:53aa:64c:0:0:80ff:fffe',
  '2001:db8::1',
  '2002:7f00:1::',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  'not an address',
  '',
]

describe('an address that a user named', () => {
  test.each(['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001::64'])(
    'may be %s on the public network',
    (address) => expect(mayReach(address, PUBLIC)).toBe(true),
  )

  test.each(LOOPBACK)('may be %s on this machine where that is allowed, and nowhere else', (address) => {
    expect([mayReach(address, LOCAL), mayReach(address, PUBLIC)]).toEqual([true, false])
  })

  test.each(REFUSED)('is never "%s"', (address) => {
    expect([mayReach(address, LOCAL), mayReach(address, PUBLIC)]).toEqual([false, false])
  })
})

const networks = (...texts: string[]) => texts.map((text) => networkFrom(text) as Network)

/** Where clouds tell a machine its secrets, in every form in which IPv6 can carry an IPv4 address. */
const METADATA = [
  '168.63.129.16',
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fe80::a9fe:a9fe',
  '::ffff:168.63.129.16',
  '::168.63.129.16',
  '::ffff:0:168.63.129.16',
  '64:ff9b::a83f:8110',
  '64:ff9b:1::a83f:8110',
  '2002:a83f:8110::1',
  '2001:0:a83f:8110::1',
  '2001:0:4136:e378:8000:63bf:57c0:7eef',
  '2606:4700::5efe:168.63.129.16',
  '2606:4700::200:5efe:a9fe:a9fe',
]

describe('a network that the operator opens', () => {
  test('is reached, and no other', () => {
    const opened = { allowLoopback: false, networks: networks('172.18.0.0/16', '10.1.2.3', 'fd12:3456::/32') }
    for (const address of ['172.18.0.7', '172.18.255.1', '10.1.2.3', 'fd12:3456::9', '8.8.8.8']) {
      expect([address, mayReach(address, opened)]).toEqual([address, true])
    }
    for (const address of ['172.19.0.1', '10.1.2.4', 'fd12:3457::9', '127.0.0.1', '::1', '::ffff:172.18.0.7']) {
      expect([address, mayReach(address, opened)]).toEqual([address, false])
    }
  })

  test.each(METADATA)('opens no metadata server: %s', (address) => {
    const everything = networks('0.0.0.0/0', '::/0')
    expect(mayReach(address, { allowLoopback: true })).toBe(false)
    expect(mayReach(address, { allowLoopback: true, networks: everything })).toBe(false)
  })

  test('opens neither this machine nor addresses that stand for none', () => {
    const everything = networks('0.0.0.0/0', '::/0')
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '0.0.0.0', '::', '::ffff:127.0.0.1', '64:ff9b::7f00:1']) {
      expect([address, mayReach(address, { allowLoopback: false, networks: everything })]).toEqual([address, false])
    }
  })

  test('is a block or a single address', () => {
    for (const wrong of ['', 'pay.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0', '::/129', '10.0.0.0/8 ']) {
      expect([wrong, networkFrom(wrong)]).toEqual([wrong, undefined])
    }
  })
})

describe("this machine's own addresses", () => {
  const own = Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address))

  test.each(own)('%s is refused whatever network is opened', (address) => {
    expect(mayReach(address, { allowLoopback: false, networks: networks('0.0.0.0/0', '::/0') })).toBe(false)
  })
})
