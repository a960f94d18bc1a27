import { builder } from '../builder.ts'
import { badInput } from '../refusal.ts'

const NODES_AT_MOST = 100

builder.queryFields((t) => ({
  node: t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: 'Whatever an id names; null when it names nothing, or nothing that the credential may see.',
    authScopes: { credential: true },
    args: { id: t.arg.id({ required: true, description: 'An id of any kind.' }) },
    resolve: (_root, { id }, { loaders }) => loaders.node(id),
  }),
  nodes: t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: 'Whatever each id names, in the same order; null in the place of one that names nothing.',
    authScopes: { credential: true },
    args: { ids: t.arg.idList({ required: true, description: `At most ${NODES_AT_MOST} ids of any kind.` }) },
    complexity: ({ ids }) => ({ field: 1, multiplier: Math.max(1, Math.min(ids.length, NODES_AT_MOST)) }),
    resolve: (_root, { ids }, { loaders }) => {
      if (ids.length > NODES_AT_MOST) throw badInput(`\`ids\` must have ${NODES_AT_MOST} elements at most`)
      return Promise.all(ids.map((id) => loaders.node(id)))
    },
  }),
}))
