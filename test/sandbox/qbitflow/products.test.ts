import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Playground, startPlayground } from './support.ts'

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

const COFFEE = { name: 'Coffee', description: 'A bag of beans', price: 12.5 }

describe('POST /product', () => {
  test('creates a product with a reference of its own making', async () => {
    const { status, body } = await world.call('POST', '/v1/product/', { ...COFFEE, colour: 'ignored' })
    expect(status).toBe(201)
    expect(body).toEqual({
      ...COFFEE,
      id: expect.any(Number),
      reference: expect.stringMatching(/^prod-/),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      isActive: true,
      test: true,
      organizationId: expect.any(Number),
    })
  })

  test('refuses a reference that is taken, also when two ask at once', async () => {
    const wanted = { ...COFFEE, reference: 'beans' }
    const answers = await Promise.all([1, 2, 3].map(() => world.call('POST', '/v1/product', wanted)))
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 400, 400])
    const refusal = answers.find((answer) => answer.status === 400)
    expect(refusal?.body).toEqual({ errors: [{ field: 'Reference', message: 'Reference is already in use' }] })
  })

  test('names every bad field at once', async () => {
    const fieldsOf = async (body: object) => {
      const answer = await world.call('POST', '/v1/product', body)
      expect(answer.status).toBe(400)
      return answer.body.errors.map((error: { field: string; message: string }) => error.message)
    }
    expect(await fieldsOf({})).toEqual(['Name is required', 'Description is required', 'Price is required'])
    expect(await fieldsOf({ name: '', description: null, price: 0 })).toEqual([
      'Name is required',
      'Description is required',
      'Price must be greater than 0',
    ])
    expect(await fieldsOf({ name: 'x', description: '<b>', price: -10 })).toEqual([
      'Name is too short',
      'Description is invalid',
      'Price must be greater than 0',
    ])
    expect(await fieldsOf({ name: 'n'.repeat(101), description: 5, price: '12' })).toEqual([
      'Name is too long',
      'Description must be a string',
      'Price must be a number',
    ])
    expect(await fieldsOf({ ...COFFEE, name: '   ', price: 1e12 })).toEqual([
      'Name is invalid',
      'Price is out of range',
    ])
  })

  test('counts the length of a name in characters, whatever their script', async () => {
    const { status } = await world.call('POST', '/v1/product', { ...COFFEE, name: '🍵'.repeat(100) })
    expect(status).toBe(201)
  })
})

describe('a product', () => {
  test('is found by id and by reference, and listed newest first', async () => {
    const reference = 'a b/c@d'
    const { body: made } = await world.call('POST', '/v1/product', { ...COFFEE, reference })
    expect((await world.call('GET', `/v1/product/id/${made.id}`)).body).toEqual(made)
    const found = await world.call('GET', `/v1/product/reference/${encodeURIComponent(reference)}`)
    expect(found.body).toEqual(made)
    expect((await world.call('GET', '/v1/product/reference/a/b')).status).toBe(404)
    expect((await world.call('GET', '/v1/product/')).body[0]).toEqual(made)
  })

  test('is changed in part or not at all; its reference stays', async () => {
    const { body: made } = await world.call('POST', '/v1/product', COFFEE)
    const path = `/v1/product/${made.id}`
    const changed = await world.call('PUT', path, { price: 13, name: '', reference: 'other' })
    expect(changed).toEqual({ status: 200, body: { ...made, price: 13 } })
    expect((await world.call('PUT', `${path}/`, {})).body).toEqual({ ...made, price: 13 })
    expect((await world.call('PUT', path, { price: 0, name: 'x' })).body.errors).toHaveLength(2)
  })

  test('is gone after its deletion', async () => {
    const { body: made } = await world.call('POST', '/v1/product', { ...COFFEE, reference: 'gone' })
    const { status, body } = await world.call('DELETE', `/v1/product/${made.id}`)
    expect([status, body]).toEqual([200, { message: expect.any(String) }])
    for (const [method, path] of [
      ['GET', `/v1/product/id/${made.id}`],
      ['GET', '/v1/product/reference/gone'],
      ['PUT', `/v1/product/${made.id}`],
      ['DELETE', `/v1/product/${made.id}`],
    ] as const) {
      expect(await world.call(method, path, method === 'PUT' ? {} : undefined)).toEqual({
        status: 404,
        body: { error: 'resource not found' },
      })
    }
  })

  test.each(['-1', '0', 'abc', '1e3', '99999999999999999999'])('with the id %s is not found', async (id) => {
    expect((await world.call('GET', `/v1/product/id/${id}`)).status).toBe(404)
  })
})
