import { type Api, apiOf } from './api.ts'
import type { OpenGateway } from './gateway.ts'

/** A seller of a gateway's organization, with the API as the seller's first key sees it. */
export interface Seller {
  readonly id: string
  readonly key: string
  readonly api: Api
}

const CREATE_USER = `mutation ($input: CreateUserInput!) {
  createUser(input: $input) { user { id } userErrors { code message field } }
}`

const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { apiKey { id } secret userErrors { code message field } }
}`

/** Somebody of this role, made by the owner. */
export async function newUser(api: Api, name: string, role: 'ADMIN' | 'USER', more: object = {}): Promise<string> {
  const input = { name, lastName: 'Member', email: `${name.toLowerCase()}@shop.example`, role, ...more }
  return (await api.change<{ user: { id: string } }>(CREATE_USER, input)).user.id
}

export interface MadeKey {
  readonly id: string
  readonly secret: string
}

export async function newKey(api: Api, input: object): Promise<MadeKey> {
  const wanted = { name: 'A key', ...input }
  const { apiKey, secret } = await api.change<{ apiKey: { id: string }; secret: string }>(CREATE_KEY, wanted)
  return { id: apiKey.id, secret }
}

export async function newSeller({ api, url }: OpenGateway, name: string, more: object = {}): Promise<Seller> {
  const id = await newUser(api, name, 'USER', more)
  const { secret } = await newKey(api, { role: 'USER', userId: id })
  return { id, key: secret, api: apiOf(url, secret) }
}
