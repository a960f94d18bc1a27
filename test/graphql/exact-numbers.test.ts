import { describe, expect, test } from 'vitest'
import { create, post, problemsOf, setStage } from './input-stage.ts'

setStage()

const NUMBER = 'must be sent as text: JSON cannot hold this number exactly'

describe('a number that JSON cannot hold exactly', () => {
  test.each([
    ['a whole number beyond 2^53', '{"metadata":{"order":9007199254740993},"name":"Ada"}', ['metadata', 'order']],
    ['one below -2^53', '{"metadata":{"order":-9007199254740993},"name":"Ada"}', ['metadata', 'order']],
    ['one that is larger than any double', '{"metadata":{"order":1e400},"name":"Ada"}', ['metadata', 'order']],
    [
      'one with more digits than a double',
      '{"metadata":{"order":0.1234567890123456789},"name":"Ada"}',
      ['metadata', 'order'],
    ],
    ['one that rounds to nothing', '{"metadata":{"order":1e-400},"name":"Ada"}', ['metadata', 'order']],
    [
      'one with an exponent',
      '{"name":"\\"1.2345678901234567890","metadata":{"order":12345678901234567.5e-3}}',
      ['metadata', 'order'],
    ],
  ])('%s is refused in metadata', async (_, input, field) => {
    expect(await problemsOf(input)).toEqual([{ code: 'INVALID', message: NUMBER, field }])
  })

  test('is refused in a document too, and kept as text', async () => {
    const inline =
      'mutation { createCustomer(input: { name: "Ada", metadata: { order: 9007199254740993 } }) { customer { id } userErrors { message field } } }'
    const { body } = await post('/graphql', JSON.stringify({ query: inline }))
    expect(body.data.createCustomer).toEqual({
      customer: null,
      userErrors: [{ message: NUMBER, field: ['metadata', 'order'] }],
    })
    for (const given of ['{ order: 0.1234567890123456789 }', '{ order: 100000000000000000.5e-2 }']) {
      const document = inline.replace('{ order: 9007199254740993 }', given)
      const answer = await post('/graphql', JSON.stringify({ query: document }))
      expect(answer.body.data.createCustomer.userErrors).toEqual([{ message: NUMBER, field: ['metadata', 'order'] }])
    }
    const kept = await create('{"name":"Ada","metadata":{"order":"9007199254740993","most":9007199254740991}}')
    expect(kept.body.data.createCustomer.customer.metadata).toEqual({
      order: '9007199254740993',
      most: 9007199254740991,
    })
  })
})

test('a number in a document’s default, or over the unusual door, is held to the same', async () => {
  const query = `mutation ($metadata: JSON = { order: 0.1234567890123456789 }) {
    createCustomer(input: { name: "Ada", metadata: $metadata }) { customer { id } userErrors { message field } } }`
  const refused = { customer: null, userErrors: [{ message: NUMBER, field: ['metadata', 'order'] }] }
  expect((await post('/graphql', JSON.stringify({ query }))).body.data.createCustomer).toEqual(refused)
  const body = `{"query":${JSON.stringify(query)},"variables":{"metadata":{"order":3.14159265358979323846}}}`
  const unusual = await post('/graphql', body, { origin: 'https://shop.example' })
  expect(unusual.body.data.createCustomer).toEqual(refused)
})

test('a number that a double holds is kept as it was sent, however it is written', async () => {
  const metadata =
    '{"tenth":0.1,"price":12.50,"sum":0.30000000000000004,"half":-5e-1,"many":1500000000000000.000,"text":"0.1234567890123456789"}'
  const { body } = await create(`{"name":"Ada","metadata":${metadata}}`)
  expect(body.data.createCustomer).toMatchObject({ userErrors: [], customer: { metadata: JSON.parse(metadata) } })
})
