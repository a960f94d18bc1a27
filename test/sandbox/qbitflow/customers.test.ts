import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { PAYER, type Playground, startPlayground } from './support.ts'

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

async function make(email: string, more: object = {}) {
  return (await world.call('POST', '/v1/customer/', { ...PAYER, email, ...more })).body
}

describe('POST /customer/', () => {
  test('creates a customer; what was not given is not shown', async () => {
    const { status, body } = await world.call('POST', '/v1/customer', { ...PAYER, phoneNumber: '', address: 'Rue 1' })
    expect(status).toBe(201)
    expect(body).toEqual({
      ...PAYER,
      uuid: expect.any(String),
      address: 'Rue 1',
      createdAt: expect.any(String),
      organizationId: expect.any(Number),
      test: true,
    })
  })

  test('refuses an e-mail address or a reference that is taken', async () => {
    await make('first@example.com', { reference: 'crm-1' })
    const again = await world.call('POST', '/v1/customer/', { ...PAYER, email: 'first@example.com' })
    expect(again).toEqual({ status: 400, body: { errors: [{ field: 'Email', message: 'Email is already in use' }] } })
    const { body } = await world.call('POST', '/v1/customer/', { ...PAYER, email: 'b@example.com', reference: 'crm-1' })
    expect(body.errors[0].field).toBe('Reference')
  })

  test.each(['', 'a', 'a@b', 'a b@c.de', 'a@@c.de', 'a@c..de'])('refuses the e-mail address "%s"', async (email) => {
    const { status, body } = await world.call('POST', '/v1/customer', { name: 'A<', email })
    expect(status).toBe(400)
    expect(body.errors.map((error: { field: string }) => error.field)).toEqual(['Name', 'LastName', 'Email'])
  })

  test('takes names of any script', async () => {
    expect((await make('li@example.com', { name: '李', lastName: 'O’Neil'.replace('’', "'") })).name).toBe('李')
  })
})

describe('a customer', () => {
  test('is found by uuid and by e-mail address', async () => {
    const made = await make('plus+sign@example.com')
    expect((await world.call('GET', `/v1/customer/uuid/${made.uuid}`)).body).toEqual(made)
    const email = encodeURIComponent('plus+sign@example.com')
    expect((await world.call('GET', `/v1/customer/email/${email}`)).body).toEqual(made)
    expect((await world.call('GET', '/v1/customer/email/plus+sign@example.com')).body).toEqual(made)
    expect((await world.call('GET', '/v1/customer/email/nobody@example.com')).status).toBe(404)
    expect((await world.call('GET', `/v1/customer/uuid/${newId()}`)).status).toBe(404)
    expect((await world.call('GET', '/v1/customer/uuid/nonsense')).status).toBe(404)
  })

  test('is changed in part, by the newer and by the older form', async () => {
    const made = await make('change@example.com', { reference: 'stays' })
    const newer = await world.call('PUT', `/v1/customer/${made.uuid}`, { phoneNumber: '+1 2', reference: 'ignored' })
    expect(newer.body).toEqual({ ...made, phoneNumber: '+1 2' })
    const older = await world.call('PUT', '/v1/customer/', { uuid: made.uuid, email: 'changed@example.com' })
    expect(older.body).toEqual({ ...made, phoneNumber: '+1 2', email: 'changed@example.com' })
    expect((await world.call('GET', '/v1/customer/email/change@example.com')).status).toBe(404)
    expect((await world.call('PUT', '/v1/customer/', { name: 'X' })).status).toBe(404)
    await make('taken@example.com')
    const { body } = await world.call('PUT', `/v1/customer/${made.uuid}`, { email: 'taken@example.com' })
    expect(body.errors[0].field).toBe('Email')
    expect((await world.call('GET', '/v1/customer/email/changed@example.com')).status).toBe(200)
  })

  test('is gone after its deletion, and its e-mail address free again', async () => {
    const made = await make('gone@example.com')
    expect((await world.call('DELETE', `/v1/customer/uuid/${made.uuid}`)).body).toEqual({ message: expect.any(String) })
    expect((await world.call('GET', `/v1/customer/uuid/${made.uuid}`)).status).toBe(404)
    expect((await make('gone@example.com')).uuid).not.toBe(made.uuid)
  })
})

describe('GET /customer/all', () => {
  test('goes through all, newest first, page by page', async () => {
    const { apiKey } = await world.sandbox.provision(newId())
    const emails = ['1', '2', '3', '4', '5'].map((name) => `${name}@example.com`)
    for (const email of emails) await world.call('POST', '/v1/customer/', { ...PAYER, email }, apiKey)
    const seen: string[] = []
    let cursor = ''
    do {
      const path = `/v1/customer/all?limit=2${cursor && `&cursor=${cursor}`}`
      const { body } = await world.call('GET', path, undefined, apiKey)
      expect(Object.keys(body)).toEqual(['items', 'nextCursor'])
      seen.push(...body.items.map((customer: { email: string }) => customer.email))
      cursor = body.nextCursor
    } while (cursor)
    expect(seen).toEqual(emails.toReversed())
  })

  test('ends with no cursor, also when the last page is full, and starts empty', async () => {
    const { apiKey } = await world.sandbox.provision(newId())
    const empty = await world.call('GET', '/v1/customer/all', undefined, apiKey)
    expect(empty.body).toEqual({ items: [], nextCursor: null })
    await world.call('POST', '/v1/customer/', PAYER, apiKey)
    const full = await world.call('GET', '/v1/customer/all?limit=1', undefined, apiKey)
    expect([full.body.items.length, full.body.nextCursor]).toEqual([1, null])
  })

  test('refuses a limit or a cursor that is none, and lowers a limit that is too high', async () => {
    for (const limit of ['0', '-1', 'x', '1.5']) {
      const { status, body } = await world.call('GET', `/v1/customer/all?limit=${limit}`)
      expect([status, body.errors[0].field]).toEqual([400, 'Limit'])
    }
    expect(await world.call('GET', `/v1/customer/all?cursor=${newId()}`)).toEqual({
      status: 400,
      body: { error: 'invalid cursor' },
    })
    expect((await world.call('GET', '/v1/customer/all?limit=100000&cursor=')).status).toBe(200)
  })
})
