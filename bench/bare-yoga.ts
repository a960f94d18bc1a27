import { createServer } from 'node:http'
import {
  GraphQLBoolean,
  type GraphQLFieldConfigMap,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql'
import { createYoga } from 'graphql-yoga'
import pg from 'pg'

/**
 * The baseline: the shortest server that answers the page of products, without keys, tenants, limits or logs.
 * The statement is the gateway's own, and so is the answer.
 */

interface Row {
  readonly id: string
  readonly reference: string
  readonly name: string
  readonly description: string
  readonly active: boolean
  readonly price_minor: string
  readonly currency: 'USD' | 'USDC'
  readonly created_at: Date
  readonly position_value: string
}

const { DATABASE_URL, TENANT, PAGE_SQL = '', PORT } = process.env
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 16 })

const EXPONENTS = { USD: 2, USDC: 6 }
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

function productId(uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let suffix = ''
  for (let place = 0; place < 26; place++) {
    suffix = ALPHABET[Number(rest & 31n)] + suffix
    rest >>= 5n
  }
  return `prod_${suffix}`
}

function amountOf({ price_minor, currency }: Row): string {
  const exponent = EXPONENTS[currency]
  const digits = price_minor.padStart(exponent + 1, '0')
  return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

function cursorOf({ position_value, id }: Row): string {
  return Buffer.from(`CREATED_AT ${id} ${position_value}`).toString('base64url')
}

function object<Source>(name: string, fields: GraphQLFieldConfigMap<Source, unknown>) {
  return new GraphQLNonNull(new GraphQLObjectType<Source>({ name, fields }))
}

function listOf(type: GraphQLOutputType) {
  return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)))
}

const text = { type: new GraphQLNonNull(GraphQLString) }

const Money = object<Row>('Money', { amount: { ...text, resolve: amountOf }, currency: text })
const Product = object<Row>('Product', {
  id: { type: new GraphQLNonNull(GraphQLID), resolve: ({ id }) => productId(id) },
  reference: text,
  name: text,
  description: text,
  active: { type: new GraphQLNonNull(GraphQLBoolean) },
  price: { type: Money, resolve: (row) => row },
  createdAt: { ...text, resolve: ({ created_at }) => created_at.toISOString() },
})
const Edge = new GraphQLObjectType<Row>({
  name: 'ProductEdge',
  fields: { cursor: { ...text, resolve: cursorOf }, node: { type: Product, resolve: (row) => row } },
})
const PageInfo = object('PageInfo', {
  hasNextPage: { type: new GraphQLNonNull(GraphQLBoolean) },
  endCursor: { type: GraphQLString },
})
const Connection = object('ProductConnection', { edges: { type: listOf(Edge) }, pageInfo: { type: PageInfo } })

async function products(_root: unknown, { first }: { first: number }) {
  const { rows } = await pool.query<Row>(PAGE_SQL, [TENANT, first + 1])
  const edges = rows.slice(0, first)
  const last = edges.at(-1)
  return { edges, pageInfo: { hasNextPage: rows.length > first, endCursor: last ? cursorOf(last) : null } }
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      products: { type: Connection, args: { first: { type: new GraphQLNonNull(GraphQLInt) } }, resolve: products },
    },
  }),
})

createServer(createYoga({ schema, logging: false })).listen(Number(PORT), '127.0.0.1')
