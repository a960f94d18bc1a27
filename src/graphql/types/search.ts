import { builder } from '../builder.ts'
import { readEntity } from '../nodes.ts'
import { CheckoutRef, CustomerRef, PaymentRef, SubscriptionRef } from '../refs.ts'
import { badInput } from '../refusal.ts'
import { search } from '../search.ts'

const DEFAULT_SIZE = 20
const MAX_SIZE = 100

const SearchResult = builder.unionType('SearchResult', {
  description: 'An object that a search found.',
  types: [CustomerRef, CheckoutRef, PaymentRef, SubscriptionRef],
})

interface Edge {
  readonly cursor: string
  readonly node: object
}

const SearchEdge = builder.objectRef<Edge>('SearchEdge').implement({
  description: 'One object that a search found, with its cursor.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'The position of the object in the list, for `after`.' }),
    node: t.field({
      type: SearchResult,
      description: 'The object.',
      resolve: ({ node }) => node as never,
    }),
  }),
})

interface Connection {
  readonly edges: readonly Edge[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
}

const SearchConnection = builder.objectRef<Connection>('SearchConnection').implement({
  description: 'One page of what a search found.',
  fields: (t) => ({
    edges: t.field({ type: [SearchEdge], description: 'The objects of the page.', resolve: ({ edges }) => [...edges] }),
    pageInfo: t.field({
      type: builder.pageInfoRef(),
      description: 'The position of the page in the list.',
      complexity: 0,
      resolve: ({ edges, hasNextPage, hasPreviousPage }) => ({
        hasNextPage,
        hasPreviousPage,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      }),
    }),
  }),
})

builder.queryField('search', (t) =>
  t.field({
    type: SearchConnection,
    description:
      'Finds payments, checkouts, subscriptions and customers by text that a person has at hand. An id finds the object that has it. Other text finds what begins with it: customers by e-mail address, name (the first name, the full name or the last name) and reference; checkouts, payments and subscriptions by reference and by the id at the provider; payments by the hash of a transfer. The case of the letters A to Z is ignored in e-mail addresses and names, and counts otherwise. Customers come first, and within each of these fields what is shortest and earliest in the alphabet. Deleted customers are not found. To find the payments of an e-mail address use `payments(filter: { customerEmail })`.',
    authScopes: { key: true },
    args: {
      text: t.arg.string({ required: true, description: 'The text to search for: 1 to 254 characters.' }),
      first: t.arg.int({ description: 'The number of objects to return: at most 100. The default is 20.' }),
      after: t.arg.string({ description: 'Returns the objects after this cursor.' }),
    },
    complexity: ({ first }) => ({
      field: SEARCH_COST,
      multiplier: Math.min(Math.max(first ?? DEFAULT_SIZE, 1), MAX_SIZE),
    }),
    resolve: async (_root, { text, first, after }, { app, caller, loaders }) => {
      const size = first ?? DEFAULT_SIZE
      if (size < 0) throw badInput('`first` must not be negative')
      if (size > MAX_SIZE) throw badInput(`\`first\` must be at most ${MAX_SIZE}`)
      const { found, hasNextPage } = await search(app.db, caller, { text, size, after })
      const nodes = await Promise.all(found.map(({ kind, id }) => readEntity(loaders, kind, id)))
      const edges = found.flatMap(({ cursor }, index) => {
        const node = nodes[index]
        return node ? [{ cursor, node }] : []
      })
      return { edges, hasNextPage, hasPreviousPage: after != null }
    },
  }),
)

/** A search looks into a dozen indexes. */
const SEARCH_COST = 10
