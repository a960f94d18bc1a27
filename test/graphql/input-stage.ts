import { afterAll, beforeAll, expect } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { type Answer, type Post, postTo } from '../support/post.ts'

/** A gateway to which customers are sent as raw JSON, with what no client of ours would write. */

export let gateway: OpenGateway
/** Sets the stage for the tests of the file that calls it. */
export function setStage(): void {
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.stop())
}

export const post = (...sent: Post) => postTo(gateway, ...sent)

export const CREATE = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id name email metadata } userErrors { code message field } } }`

export function create(input: string): Promise<Answer> {
  return post('/graphql', `{"query":${JSON.stringify(CREATE)},"variables":{"input":${input}}}`)
}

/** The problems of an input that nothing is made of. */
export async function problemsOf(input: string): Promise<unknown> {
  const { body } = await create(input)
  expect(body.data?.createCustomer.customer, JSON.stringify(body)).toBeNull()
  return body.data.createCustomer.userErrors
}
