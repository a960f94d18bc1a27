import SchemaBuilder from '@pothos/core'
import ComplexityPlugin from '@pothos/plugin-complexity'
import RelayPlugin from '@pothos/plugin-relay'
import ScopeAuthPlugin from '@pothos/plugin-scope-auth'
import { decodeId, encodeId, type IdKind } from '../kernel/id.ts'
import type { Context } from './context.ts'
import { badInput, forbidden, unauthenticated } from './refusal.ts'

export interface SchemaTypes {
  Context: Context
  DefaultFieldNullability: false
  DefaultEdgesNullability: false
  DefaultNodeNullability: false
  Connection: { count: () => Promise<number> }
  AuthScopes: {
    /** A secret key, whatever its role. */
    key: boolean
    /** A secret key of an OWNER or ADMIN. */
    manager: boolean
    /** A secret key or the client secret of a checkout. */
    credential: boolean
  }
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date | string }
    Date: { Input: string; Output: string }
    Decimal: { Input: string; Output: string }
    BigInt: { Input: bigint; Output: bigint }
    JSON: { Input: unknown; Output: unknown }
    CurrencyCode: { Input: string; Output: string }
  }
}

export type Builder = typeof builder
/** The schema's types as the library sees them, for helpers that pass them on. */
export type ResolvedTypes = Builder extends PothosSchemaTypes.SchemaBuilder<infer Types> ? Types : never

/**
 * The builder knows no type of ours; each file in types/ adds its own. Global ids are the TypeIDs that every other API
 * of the house speaks, so that an id copied from a log is an id that `node` understands.
 */
export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ScopeAuthPlugin, RelayPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    authorizeOnSubscribe: true,
    authScopes: ({ caller }) => ({
      key: caller.kind === 'key',
      manager: caller.kind === 'key' && caller.actor.role !== 'USER',
      credential: caller.kind !== 'anonymous',
    }),
    unauthorizedError: (_parent, { caller }, info) => {
      const field = `${info.parentType.name}.${info.fieldName}`
      if (caller.kind === 'anonymous') return unauthenticated(`${field} needs a secret key`)
      if (caller.kind === 'checkout')
        return forbidden(`${field} needs a secret key; a client secret reads its own checkout only`)
      return forbidden(`${field} is not open to a key with the role ${caller.actor.role}`)
    },
  },
  relay: {
    encodeGlobalID: (kind, id) => encodeId(kind as IdKind, String(id)),
    decodeGlobalID: (text) => {
      const decoded = decodeId(text)
      if (!decoded) throw badInput('This is no id of ours')
      return { typename: decoded.kind, id: decoded.uuid }
    },
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: { description: 'Something with an id of its own, which `node` finds again.' },
    idFieldOptions: { description: 'The id, which is also what every other API of the gateway calls it.' },
    pageInfoTypeOptions: { description: 'Where a page stands in its list.' },
    hasNextPageFieldOptions: { description: 'Whether there is a page after this one.' },
    hasPreviousPageFieldOptions: { description: 'Whether there is a page before this one.' },
    startCursorFieldOptions: { description: 'The first cursor of the page; null when the page is empty.' },
    endCursorFieldOptions: { description: 'The last cursor of the page; null when the page is empty.' },
    cursorFieldOptions: { description: 'Where this one stands in the list, for `after` and `before`.' },
    nodeFieldOptions: { description: 'The thing itself.', nullable: false },
    // A connection's own multiplier counts its edges; the list of edges must not count them again.
    edgesFieldOptions: { description: 'The page.', nullable: false, complexity: { field: 0, multiplier: 1 } },
    pageInfoFieldOptions: { description: 'Where the page stands in the list.', complexity: 0 },
    firstArgOptions: { description: 'How many, from the start or after `after`: 20 unless told, 100 at most.' },
    afterArgOptions: { description: 'The cursor after which the page begins.' },
    lastArgOptions: {
      description: 'How many, from the end or before `before`: 100 at most. Not together with `first`.',
    },
    beforeArgOptions: { description: 'The cursor before which the page ends.' },
  },
})

builder.queryType({ description: 'What can be read. Everything is seen as the credential of the request may see it.' })
builder.mutationType({
  description:
    'What can be done. Each takes one `input` and answers with its object, the `userErrors` that the caller can act on, and whether an earlier answer was `replayed` for the same idempotency key.',
})
builder.subscriptionType({
  name: 'SubscriptionRoot',
  description:
    'What can be watched over a WebSocket with the graphql-transport-ws protocol. Its name leaves `Subscription` to the billing kind.',
})
