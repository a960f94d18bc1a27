import type { ArgBuilder, ObjectFieldBuilder } from '@pothos/core'
import type { ResolvedTypes } from '../builder.ts'
import { UserRef } from '../refs.ts'

/** Products and customers belong to a seller or to the organization, and names are unique among what one owner has. */

export function sellerField<Row extends { readonly userId: string | null }>(t: ObjectFieldBuilder<ResolvedTypes, Row>) {
  return t.field({
    type: UserRef,
    nullable: true,
    description: "The seller whose it is; null for the organization's own.",
    resolve: ({ userId }, _args, { loaders }) => loaders.linked('app_user', userId),
  })
}

export function sellerArg(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return t.arg.id({
    description:
      "For managers: the seller whose it is. When left out, the organization's own is found, or else the only seller's; where several sellers have one, the answer is BAD_USER_INPUT.",
  })
}
