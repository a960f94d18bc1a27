import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readAddress, shown, withParameter, withPassword } from '../../src/db/address.ts'
import { triesOf } from '../../src/db/tls.ts'

describe('an address names', () => {
  test.each([
    ['postgres://u:p@h/db', [{ host: 'h', port: 5432 }]],
    ['postgresql://u:p@h:6000/db', [{ host: 'h', port: 6000 }]],
    [
      'postgres://u:p@h1:5433,h2,[::1]:5434/db',
      [
        { host: 'h1', port: 5433 },
        { host: 'h2', port: 5432 },
        { host: '::1', port: 5434 },
      ],
    ],
    ['postgres://u:p@/db?host=/run/postgresql', [{ host: '/run/postgresql', port: 5432 }]],
    ['postgres:///db?host=/run/postgresql&port=5433&user=u', [{ host: '/run/postgresql', port: 5433 }]],
    ['postgres://u:p@%2Frun%2Fpostgresql:5433/db', [{ host: '/run/postgresql', port: 5433 }]],
    [
      'postgres:///db?host=h1,h2&port=5433,5434&user=u',
      [
        { host: 'h1', port: 5433 },
        { host: 'h2', port: 5434 },
      ],
    ],
  ])('its hosts: %s', (url, hosts) => {
    expect(readAddress(url).hosts).toEqual(hosts)
  })

  test.each(['a#b', 'a%b', 'a?b', 'a@b', 'a/b', 'a:b', 'a b', 'ü€', '\'\\"', '%41'])(
    'a password with any mark: %s',
    (password) => {
      const url = `postgres://us%40er:${encodeURIComponent(password)}@h:5433/d%2Fb?sslmode=disable`
      expect(readAddress(url)).toMatchObject({
        user: 'us@er',
        password,
        database: 'd/b',
        hosts: [{ host: 'h', port: 5433 }],
      })
      expect(readAddress(withParameter(url, 'schema', 'pay'))).toMatchObject({
        password,
        schema: 'pay',
        sslMode: 'disable',
      })
      expect(readAddress(withPassword('postgres://u@h/db', password)).password).toBe(password)
    },
  )

  // As libpq reads them: only / @ and % mean something there.
  test.each(['a#b', 'a?b', 'a:b', 'a b'])('a password with a mark that stands for itself: %s', (password) => {
    expect(readAddress(`postgres://u:${password}@h/db`)).toMatchObject({ password, database: 'db' })
  })

  test('as its user, where it names none, that of the process, as libpq takes', () => {
    expect(readAddress('postgres://h/db').user).toBe(userInfo().username)
  })

  test('the schema', () => {
    expect(readAddress('postgres://u@h/db').schema).toBeUndefined()
    expect(readAddress('postgres://u@h/db?schema=Pay').schema).toBe('Pay')
    expect(readAddress('postgres://u@h/db?options=-c%20search_path%3Dpay,public').schema).toBe('pay')
    expect(
      readAddress('postgres://u@h/db?options=-csearch_path%3D%22My%20Pay%22'.replace('%20', '%5C%20')).schema,
    ).toBe('My Pay')
  })
})

describe('an address is refused, and its password not printed,', () => {
  test.each([
    ['postgres://u:s3cr/et@h/db', 'percent-encode'],
    ['postgres://u:s3cr@et@h/db', 'percent-encode'],
    ['postgres://u:s3cr%et@h/db', 'percent-encode'],
    ['postgres://u:s3cr@h/db?x=s3cr', 'the parameter x'],
    ['mysql://u:s3cr@h/db', 'postgres://'],
    ['postgres://u:s3cr@h', 'database'],
    ['postgres://u:s3cr@h/', 'database'],
    ['u:s3cr@h/db', 'postgres://'],
    ['postgres://u:s3cr@h:0/db', 'port'],
    ['postgres://u:s3cr@h:99999/db', 'port'],
    ['postgres://u:s3cr@h/db?sslmode=on', 'sslmode=on'],
    ['postgres://u:s3cr@h/db?target_session_attrs=standby', 'target_session_attrs=standby'],
    ['postgres://u:s3cr@h/db?sslrootcert=/not/there', 'sslrootcert=/not/there'],
    ['postgres://u:s3cr@h/db?connect_timeout=soon', 'connect_timeout'],
  ])('%s', (url, reason) => {
    let message = ''
    try {
      readAddress(url)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).toContain(reason)
    expect(message).not.toMatch(/s3cr|\n/)
  })
})

test('an address is shown without user, password and parameters', () => {
  expect(shown(readAddress('postgres://u:p@h1:5433,[::1]/db?host=&sslmode=require'.replace('host=&', '')))).toBe(
    'h1:5433,[::1]:5432/db',
  )
})

describe('sslmode means what libpq means', () => {
  const unchecked = { rejectUnauthorized: false }

  test.each([
    ['', [unchecked, false]],
    ['?sslmode=prefer', [unchecked, false]],
    ['?sslmode=disable', [false]],
    ['?sslmode=allow', [false, unchecked]],
    ['?sslmode=require', [unchecked]],
    ['?sslmode=no-verify', [unchecked]],
    ['?sslmode=verify-full', [{}]],
    ['?sslmode=verify-full&sslrootcert=system', [{}]],
  ])('%s', (parameters, tries) => {
    const { sslMode, tls } = readAddress(`postgres://u@h/db${parameters}`)
    expect(triesOf(sslMode, 'h', tls)).toEqual(tries)
    expect(triesOf(sslMode, '/run/postgresql', tls)).toEqual([false])
  })

  test('an authority is checked wherever there is one, and its name only by verify-full', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'))
    const file = join(folder, 'root.crt')
    writeFileSync(file, 'a certificate')
    for (const [mode, comparesNames] of [
      ['require', false],
      ['verify-ca', false],
      ['verify-full', true],
    ] as const) {
      const { sslMode, tls } = readAddress(`postgres://u@h/db?sslmode=${mode}&sslrootcert=${encodeURIComponent(file)}`)
      const [first] = triesOf(sslMode, 'h', tls)
      expect(first).toMatchObject({ ca: 'a certificate' })
      expect(first).not.toHaveProperty('rejectUnauthorized')
      expect(first && 'checkServerIdentity' in first).toBe(!comparesNames)
    }
    rmSync(folder, { recursive: true })
    expect(() => triesOf('verify-ca', 'h', {})).toThrow('sslrootcert')
  })
})
