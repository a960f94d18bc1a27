import { builder } from '../builder.ts'
import { readNode } from '../nodes.ts'
import { badInput } from '../refusal.ts'

const NODES_AT_MOST = 100

builder.queryFields((t) => ({
  node: t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: 'Returns the object with this id. Null when it does not exist or the credential has no access to it.',
    authScopes: { credential: true },
    args: { id: t.arg.id({ required: true, description: 'The id of an object of any type.' }) },
    resolve: (_root, { id }, { loaders }) => readNode(loaders, id),
  }),
  nodes: t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description:
      'Returns the objects with these ids, in the same order. An element is null when its object does not exist or the credential has no access to it.',
    authScopes: { credential: true },
    args: {
      ids: t.arg.idList({ required: true, description: `At most ${NODES_AT_MOST} ids of objects of any type.` }),
    },
    complexity: ({ ids }) => ({ field: 1, multiplier: Math.max(1, Math.min(ids.length, NODES_AT_MOST)) }),
    resolve: (_root, { ids }, { loaders }) => {
      if (ids.length > NODES_AT_MOST) throw badInput(`\`ids\` must have at most ${NODES_AT_MOST} elements`)
      return Promise.all(ids.map((id) => readNode(loaders, id)))
    },
  }),
}))
