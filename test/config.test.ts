import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../src/config.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')
const PRODUCTION = { NODE_ENV: 'production', PUBLIC_URL: 'https://pay.example', SECRET_KEY: KEY }

function read(environment: Record<string, string>) {
  return readConfig(environment, '/shop')
}

describe('the configuration', () => {
  test('is complete for development when nothing is said', () => {
    expect(read({})).toEqual({
      environment: 'development',
      databasePoolSize: 10,
      host: '127.0.0.1',
      port: 4000,
      dataDir: '/shop/data',
      databaseUrl: undefined,
      publicUrl: 'http://localhost:4000',
      secretKey: undefined,
      logLevel: 'info',
      drainMs: 0,
      corsOrigins: [],
      allowedHosts: [],
      outboundAllow: [],
      graphiql: true,
      introspection: true,
      webhookLoopback: true,
    })
  })

  test('serves on for five seconds after the wish to stop in production, and as long as is said', () => {
    const secretKey = Buffer.alloc(32, 1).toString('base64')
    const production = { NODE_ENV: 'production', PUBLIC_URL: 'https://pay.example', SECRET_KEY: secretKey }
    expect(read(production).drainMs).toBe(5_000)
    expect(read({ ...production, DRAIN_SECONDS: '0' }).drainMs).toBe(0)
    expect(read({ DRAIN_SECONDS: '300' }).drainMs).toBe(300_000)
    for (const wrong of ['-1', '301', '1.5', '5s', '05', 'never']) {
      expect(() => read({ DRAIN_SECONDS: wrong })).toThrow('DRAIN_SECONDS must be a number from 0 to 300')
    }
  })

  test('is frozen, and ignores variables of others', () => {
    const config = read({ PATH: '/bin', CORS_ORIGINS: 'https://a.example, https://b.example' })
    expect(Object.isFrozen(config)).toBe(true)
    expect(config.corsOrigins).toEqual(['https://a.example', 'https://b.example'])
  })

  test('reads hosts as a URL has them, and nothing that is more than a host', () => {
    const { allowedHosts } = read({ ALLOWED_HOSTS: 'Pay.Example, 10.0.0.5,::1, [FD00::1],tollgate' })
    expect(allowedHosts).toEqual(['pay.example', '10.0.0.5', '[::1]', '[fd00::1]', 'tollgate'])
    for (const wrong of [
      'https://pay.example',
      'pay.example:80',
      'a b',
      'pay.example/',
      'a,,b',
      '*',
      '[::1',
      '999.1.1.1',
    ]) {
      expect(() => read({ ALLOWED_HOSTS: wrong })).toThrow('ALLOWED_HOSTS must be a list of hosts like pay.example')
    }
  })

  test('takes a public address with a path, but not one that cannot be told from our own', () => {
    expect(read({ PUBLIC_URL: 'https://pay.example/pay/' }).publicUrl).toBe('https://pay.example/pay')
    for (const path of ['graphql', 'sandbox/x', 'claim/']) {
      expect(() => read({ PUBLIC_URL: `https://pay.example/${path}` })).toThrow('PUBLIC_URL must not have a path')
    }
  })

  test.each(['DATABASE_URL', 'DATABASE_LISTEN_URL', 'DATA_DIR', 'SECRET_KEY', 'PUBLIC_URL', 'NODE_ENV', 'PORT'])(
    'refuses %s where it is set and empty, in one line that names it',
    (name) => {
      for (const empty of ['', ' '])
        expect(() => read({ [name]: empty })).toThrow(`${name} is empty: set it, or remove`)
    },
  )

  test('takes an empty list for none, and an empty password or collector for a missing one', () => {
    const empty = { CORS_ORIGINS: '', ALLOWED_HOSTS: '', OUTBOUND_ALLOW: '', PGPASSWORD: '' }
    expect(read({ ...empty, OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual(read({}))
  })

  test('leaves the public address open while the port is not known', () => {
    expect(read({ PORT: '0' }).publicUrl).toBeUndefined()
    expect(read({ PORT: '0', PUBLIC_URL: 'https://pay.example/' }).publicUrl).toBe('https://pay.example')
  })

  test('of production has no insecure default', () => {
    expect(() => read({ NODE_ENV: 'production' })).toThrow('PUBLIC_URL and SECRET_KEY must be set in production')
    const config = read(PRODUCTION)
    expect(config).toMatchObject({ host: '0.0.0.0', graphiql: false, introspection: false, webhookLoopback: false })
    expect(config.secretKey).toHaveLength(32)
    expect(() => read({ ...PRODUCTION, WEBHOOK_LOOPBACK: 'on' })).toThrow('WEBHOOK_LOOPBACK must be off in production')
  })

  test.each([
    ['NODE_ENV', 'prod'],
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['DATABASE_URL', 'mysql://localhost/shop'],
    ['DATABASE_URL', 'postgres://localhost'],
    ['DATABASE_URL', 'localhost'],
    ['DATABASE_LISTEN_URL', 'localhost'],
    ['DATABASE_POOL_SIZE', '1'],
    ['PUBLIC_URL', 'pay.example'],
    ['PUBLIC_URL', 'https://pay.example?a=b'],
    ['SECRET_KEY', 'short'],
    ['LOG_LEVEL', 'loud'],
    ['CORS_ORIGINS', 'https://shop.example/path'],
    ['CORS_ORIGINS', '*'],
    ['GRAPHIQL', 'yes'],
    ['INTROSPECTION', '1'],
    ['WEBHOOK_LOOPBACK', 'true'],
  ])('refuses %s=%s in one line that names it', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(ConfigError)
    expect(() => read({ [name]: value })).toThrow(new RegExp(`^${name} must be [^\\n]+$`))
  })
})
