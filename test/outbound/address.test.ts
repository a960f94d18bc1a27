import { describe, expect, test } from 'vitest'
import { mayReach } from '../../src/outbound/address.ts'

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
    (address) => expect(mayReach(address, false)).toBe(true),
  )

  test.each(LOOPBACK)('may be %s on this machine where that is allowed, and nowhere else', (address) => {
    expect([mayReach(address, true), mayReach(address, false)]).toEqual([true, false])
  })

  test.each(REFUSED)('is never "%s"', (address) => {
    expect([mayReach(address, true), mayReach(address, false)]).toEqual([false, false])
  })
})
