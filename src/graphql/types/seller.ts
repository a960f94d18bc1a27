import type { ArgBuilder, ObjectFieldBuilder } from '@pothos/core'
import type { ResolvedTypes } from '../builder.ts'
import { UserRef } from '../refs.ts'

/** Products and customers belong to a seller or to the organization, and names are unique among what one owner has. */

export function sellerField<Row extends { readonly userId: string | null }>(t: ObjectFieldBuilder<ResolvedTypes, Row>) {
  return t.field({
    type: UserRef,
    nullable: true,
    description: 'The seller who owns the object. Null when it belongs to the organization itself.',
    resolve: ({ userId }, _args, { loaders }) => loaders.linked('app_user', userId),
  })
}

export function sellerArg(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return t.arg.id({
    description:
      "The id of the seller who owns the object, for keys with the role OWNER or ADMIN. Without it the organization's own object is returned, or else the only seller's; when several sellers have a match, the error is BAD_USER_INPUT.",
  })
}
