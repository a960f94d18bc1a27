import { getNamedType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { inTimezone } from '../../src/graphql/timezone.ts'
import { type Door, openDoor } from './door.ts'
import { connect } from './socket.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
beforeAll(async () => {
  door = await openDoor({ corsOrigins: ['https://shop.example'] })
  ask = await door.as()
})
afterAll(() => door.close())

const HOUR = 3_600_000

test('every moment that the schema shows can be asked for in a time zone', () => {
  const without = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type)
      ? Object.values(type.getFields())
          .filter((field) => getNamedType(field.type).name === 'DateTime')
          .filter((field) => !field.args.some(({ name }) => name === 'timezone'))
          .map((field) => `${type.name}.${field.name}`)
      : [],
  )
  expect(without).toEqual([])
})

/** What the law says of summer time: in Europe it changes at one o'clock UTC, on the last Sundays of March and October. */
function amsterdamOffset(at: Date): string {
  const lastSunday = (month: number) => {
    const last = new Date(Date.UTC(at.getUTCFullYear(), month + 1, 0, 1))
    return last.getTime() - last.getUTCDay() * 24 * HOUR
  }
  return at.getTime() >= lastSunday(2) && at.getTime() < lastSunday(9) ? '+02:00' : '+01:00'
}

function written(at: Date, offset: string): string {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? []
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
  return new Date(at.getTime() + ms).toISOString().replace('Z', offset)
}

describe('a moment in a time zone', () => {
  test.each([2025, 2026, 2027])('is right in Europe/Amsterdam for each hour of %i', (year) => {
    const end = Date.UTC(year + 1, 0, 1)
    for (let time = Date.UTC(year, 0, 1); time < end; time += HOUR) {
      const at = new Date(time + 59 * 60_000 + 59_999)
      const shown = inTimezone(at, 'Europe/Amsterdam')
      if (shown !== written(at, amsterdamOffset(at))) expect(shown).toBe(written(at, amsterdamOffset(at)))
      if (new Date(shown).getTime() !== at.getTime()) expect(new Date(shown)).toEqual(at)
    }
  })

  test.each([
    ['2026-03-29T00:59:59.999Z', '2026-03-29T01:59:59.999+01:00'],
    ['2026-03-29T01:00:00.000Z', '2026-03-29T03:00:00.000+02:00'],
    ['2026-10-25T00:59:59.999Z', '2026-10-25T02:59:59.999+02:00'],
    ['2026-10-25T01:00:00.000Z', '2026-10-25T02:00:00.000+01:00'],
    ['2026-10-25T01:59:59.999Z', '2026-10-25T02:59:59.999+01:00'],
    ['2026-12-31T23:00:00.000Z', '2027-01-01T00:00:00.000+01:00'],
  ])('at the edges of summer time: %s is %s', (at, shown) => {
    expect(inTimezone(new Date(at), 'Europe/Amsterdam')).toBe(shown)
  })

  test.each([
    ['Asia/Kolkata', '+05:30'],
    ['Asia/Kathmandu', '+05:45'],
    ['Asia/Yangon', '+06:30'],
    ['Australia/Adelaide', '+10:30'],
    ['Australia/Lord_Howe', '+11:00'],
    ['America/St_Johns', '-03:30'],
    ['Pacific/Chatham', '+13:45'],
    ['Pacific/Kiritimati', '+14:00'],
    ['America/New_York', '-05:00'],
    ['Europe/Kiev', '+02:00'],
  ])('in %s has the offset %s', (zone, offset) => {
    const at = new Date('2026-11-21T04:58:27.005Z')
    expect(inTimezone(at, zone)).toBe(written(at, offset))
  })

  test.each(['UTC', 'GMT', 'Africa/Abidjan'])('in %s has an offset of nothing', (zone) => {
    expect(inTimezone(new Date('2026-11-21T04:58:27Z'), zone)).toBe('2026-11-21T04:58:27.000+00:00')
  })
})

const CLOCK = '{ viewer { own: testClock tokyo: testClock(timezone: "Asia/Tokyo") } }'

test('the Time-Zone header is the default of every argument, over HTTP and over WebSocket', async () => {
  const { data } = await ask(CLOCK, {}, { 'time-zone': 'Asia/Kolkata' })
  expect(data.viewer.own).toMatch(/\+05:30$/)
  expect(data.viewer.tokyo).toMatch(/\+09:00$/)
  const peer = await connect(door.url)
  await peer.init({ apiKey: ask.key, 'Time-Zone': 'Asia/Kolkata' })
  peer.subscribe('1', CLOCK)
  expect((await peer.next()).payload.data.viewer.own).toMatch(/\+05:30$/)
  peer.socket.terminate()
})

describe('a time zone that is none', () => {
  const CREATE = (zone: string) => `mutation { createProduct(input: { name: "Never", description: "Blue",
    price: { amount: "1.00", currency: "USD" } }) { product { createdAt${zone} } } }`
  const WRONG = ['Mars/Olympus', 'Europe/Amsterdam ', 'x'.repeat(200), "UTC'; --", '+25:00']
  const DOORS: Record<string, string>[] = [{}, { origin: 'https://shop.example' }]
  const never = async () => expect(await door.app.db.prisma.product.count()).toBe(0)

  describe.each(DOORS)('with %o', (headers) => {
    test.each(WRONG.slice(0, 1).concat(WRONG.slice(2)))(
      'in the header is 400 before anything is done: %s',
      async (zone) => {
        for (const query of [CLOCK, CREATE('')]) {
          const { status, errors } = await ask(query, {}, { ...headers, 'time-zone': zone })
          expect([status, errors?.[0]?.extensions?.code]).toEqual([400, 'BAD_USER_INPUT'])
          expect(errors?.[0]?.message).toContain('Unknown time zone')
        }
        await never()
      },
    )

    test.each(WRONG)('in an argument is 400 before anything is done: %s', async (zone) => {
      const literal = await ask(CREATE(`(timezone: ${JSON.stringify(zone)})`), {}, headers)
      expect([literal.status, literal.errors?.[0]?.extensions?.code]).toEqual([400, 'BAD_USER_INPUT'])
      const query = CREATE('(timezone: $zone)').replace('mutation', 'mutation ($zone: String)')
      const variable = await ask(query, { zone }, headers)
      expect([variable.status, variable.errors?.[0]?.extensions?.code]).toEqual([400, 'BAD_USER_INPUT'])
      await never()
    })
  })

  test('over a WebSocket is an error of the operation', async () => {
    const peer = await connect(door.url)
    await peer.init({ apiKey: ask.key, headers: { 'time-zone': 'Mars/Olympus' } })
    peer.subscribe('1', CREATE(''))
    expect(await peer.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    await never()
    peer.socket.terminate()
  })
})
