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
      if (caller.kind === 'anonymous') return unauthenticated(`${field} requires a secret key`)
      if (caller.kind === 'checkout')
        return forbidden(`${field} requires a secret key: a client secret does not have access to this field`)
      return forbidden(`A key with the role ${caller.actor.role} has no access to ${field}`)
    },
  },
  relay: {
    encodeGlobalID: (kind, id) => encodeId(kind as IdKind, String(id)),
    decodeGlobalID: (text) => {
      const decoded = decodeId(text)
      if (!decoded) throw badInput('The value is not an id of this API')
      return { typename: decoded.kind, id: decoded.uuid }
    },
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodeTypeOptions: { description: 'An object with a globally unique id. `node` reads it again by that id.' },
    idFieldOptions: {
      description:
        'The globally unique id of the object. Webhooks, exports and every other interface of the gateway use the same id.',
    },
    pageInfoTypeOptions: { description: 'The position of a page in its list.' },
    hasNextPageFieldOptions: { description: 'Whether there are more items after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether there are more items before this page.' },
    startCursorFieldOptions: { description: 'The cursor of the first item on the page. Null when the page is empty.' },
    endCursorFieldOptions: { description: 'The cursor of the last item on the page. Null when the page is empty.' },
    cursorFieldOptions: {
      description: 'The position of the item in the list. Pass it as `after` or `before` to read from there.',
    },
    nodeFieldOptions: { description: 'The item.', nullable: false },
    // A connection's own multiplier counts its edges; the list of edges must not count them again.
    edgesFieldOptions: {
      description: 'The items of the page, each with its cursor.',
      nullable: false,
      complexity: { field: 0, multiplier: 1 },
    },
    pageInfoFieldOptions: { description: 'The position of the page in the list.', complexity: 0 },
    firstArgOptions: {
      description:
        'The number of items to read from the start of the list, or after the cursor `after`. The default is 20, the maximum 100.',
    },
    afterArgOptions: { description: 'The page begins after the item with this cursor.' },
    lastArgOptions: {
      description:
        'The number of items to read from the end of the list, or before the cursor `before`. The maximum is 100. Cannot be combined with `first`.',
    },
    beforeArgOptions: { description: 'The page ends before the item with this cursor.' },
  },
})

builder.queryType({
  description: 'The objects that can be read. A request sees only the objects that its credential has access to.',
})
builder.mutationType({
  description:
    'The changes that can be made. Each mutation takes one `input` and returns its object, the `userErrors` that the caller can correct, and `replayed`: whether the answer is the stored one of an earlier request with the same idempotency key.',
})
builder.subscriptionType({
  name: 'SubscriptionRoot',
  description:
    'The streams that can be watched over a WebSocket with the graphql-transport-ws protocol. The type is called SubscriptionRoot because `Subscription` is the recurring payment.',
})
