import { builder } from '../builder.ts'
import { multiplierOf, sizeOf } from '../connection.ts'
import { isDeleted } from '../loaders.ts'
import { readEntity } from '../nodes.ts'
import { CheckoutRef, CustomerRef, PaymentRef, SubscriptionRef } from '../refs.ts'
import { search } from '../search.ts'

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
    cursor: t.exposeString('cursor', {
      description: 'The position of the item in the list. Pass it as `after` or `before` to read from there.',
    }),
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
      'Finds payments, checkouts, subscriptions and customers by text that a person has at hand. An id finds the object that has it. Other text finds what begins with it: customers by e-mail address (that of one who was merged finds the one they were merged with), name (the first name, the full name or the last name) and reference; checkouts, payments and subscriptions by reference and by the id at the provider; payments by the hash of a transfer. The case of the letters A to Z is ignored in e-mail addresses and names, and counts otherwise. Customers come first, and within each of these fields what is shortest and earliest in the alphabet. Deleted customers are not found. To find the payments of an e-mail address use `payments(filter: { customerEmail })`.',
    authScopes: { key: true },
    args: {
      text: t.arg.string({ required: true, description: 'The text to search for: 1 to 254 characters.' }),
      ...t.arg.connectionArgs(),
    },
    complexity: (args) => ({ field: SEARCH_COST, multiplier: multiplierOf(args) }),
    resolve: async (_root, { text, ...args }, { app, caller, loaders }) => {
      const asked = { text, size: sizeOf(args), backward: typeof args.last === 'number', ...args }
      const { found, ...around } = await search(app.db, caller, asked)
      const nodes = await Promise.all(found.map(({ kind, id }) => readEntity(loaders, kind, id)))
      const edges = found.flatMap(({ cursor }, index) => {
        const node = nodes[index]
        return node && !isDeleted(node) ? [{ cursor, node }] : []
      })
      return { edges, ...around }
    },
  }),
)

/** A search looks into a dozen indexes. */
const SEARCH_COST = 10
