import type { ArgBuilder, InputRef, ObjectRef } from '@pothos/core'
import type { Condition } from '../db/condition.ts'
import { encodeCursor } from '../db/cursor.ts'
import { type Belongs, count, countsOf, type Page, type PageQuery, page, pagesOf } from '../db/page.ts'
import { builder, type ResolvedTypes } from './builder.ts'
import type { Context } from './context.ts'
import { decodeCursor } from './cursor.ts'
import { badInput } from './refusal.ts'
import type { Rows } from './rows.ts'
import { visible } from './visibility.ts'

const DEFAULT_SIZE = 20
const MAX_SIZE = 100

/** A kind of list: its rows, in which orders, and how a filter narrows it. */
interface ListOptions<T extends keyof Rows, Filter> {
  /** The type's name, from which `XConnection`, `XEdge` and `XOrder` follow. */
  readonly name: string
  readonly type: ObjectRef<ResolvedTypes, Rows[T]>
  readonly table: T
  /** The orders by name. The first is the default, newest first. The columns hold no nulls. */
  readonly orders: Readonly<Record<string, { readonly column: string; readonly description: string }>>
  /** Without a filter the conditions are those of an empty one; no field of a filter is required. */
  readonly filter: {
    readonly type: InputRef<Filter>
    readonly conditions: (filter: Filter, context: Context) => readonly Condition[]
  }
  /** A column that orders the rows which a filter leaves better than the list's own, e.g. one that an index has. */
  readonly column?: (filter: Filter) => string | undefined
  /** What every list of this kind leaves out, such as deleted rows. */
  readonly where?: readonly Condition[]
}

interface ListArgs<Filter> {
  readonly first?: number | null | undefined
  readonly last?: number | null | undefined
  readonly after?: string | null | undefined
  readonly before?: string | null | undefined
  readonly filter?: Filter | null | undefined
  readonly orderBy?: { readonly field: string; readonly direction: 'ASC' | 'DESC' } | null | undefined
}

/** The rows that belong to one of many parents, all of which are read together. */
interface Within {
  readonly parentId: string
  readonly belongs: Belongs
  /** A column that orders these rows better than the list's own, e.g. one that an index has. */
  readonly column?: string
}

/** What narrows a list beside its filter. */
interface Narrowed {
  readonly within?: Within | undefined
  readonly where?: readonly Condition[] | undefined
}

const OrderDirection = builder.enumType('OrderDirection', {
  description: 'The direction in which a list is sorted.',
  values: {
    ASC: { description: 'Ascending: the smallest or earliest value first.' },
    DESC: { description: 'Descending: the largest or latest value first.' },
  },
})

/** Declares a kind of list with its types. Each field that shows one spreads `field` and resolves to `open`. */
export function list<T extends keyof Rows, Filter>(options: ListOptions<T, Filter>) {
  const { connection, order } = declareTypes(options.name, options.type, options.orders)
  return {
    /** Which rows a list with this filter has. */
    where: (context: Context, filter: Filter | null | undefined) => whereOf(options, context, filter),

    /** The type, arguments and cost of a field that shows such a list. */
    field: (t: { arg: ArgBuilder<ResolvedTypes> }) => ({
      type: connection,
      args: {
        ...t.arg.connectionArgs(),
        filter: t.arg({
          type: options.filter.type,
          description: 'Returns only the items that match every condition of the filter.',
        }),
        orderBy: t.arg({ type: order, description: 'The order of the list. The default is newest first.' }),
      },
      complexity: (args: SizeArgs) => ({ field: 1, multiplier: multiplierOf(args) }),
    }),

    /** @throws GraphQLError BAD_USER_INPUT when the page is too large, or a cursor is none of this list. */
    open: (context: Context, args: ListArgs<Filter>, within?: Within, also?: readonly Condition[]) =>
      open(options, context, args, { within, where: also }),
  }
}

function whereOf<T extends keyof Rows, Filter>(
  { table, filter, where = [] }: ListOptions<T, Filter>,
  context: Context,
  given: Filter | null | undefined,
): readonly Condition[] {
  const conditions = filter.conditions(given ?? ({} as Filter), context)
  return [...visible(context.caller, table), ...where, ...conditions]
}

function queryOf<T extends keyof Rows, Filter>(
  options: ListOptions<T, Filter>,
  context: Context,
  args: ListArgs<Filter>,
  orderName: string,
  { within, where = [] }: Narrowed,
): PageQuery {
  const { table, orders } = options
  const column = within?.column ?? options.column?.(args.filter ?? ({} as Filter))
  return {
    from: table,
    where: [...whereOf(options, context, args.filter), ...where],
    order: { column: column ?? orders[orderName]?.column ?? 'id', direction: args.orderBy?.direction ?? 'DESC' },
    size: sizeOf(args),
    backward: typeof args.last === 'number',
    after: args.after ? decodeCursor('after', orderName, args.after) : undefined,
    before: args.before ? decodeCursor('before', orderName, args.before) : undefined,
  }
}

function open<T extends keyof Rows, Filter>(
  options: ListOptions<T, Filter>,
  context: Context,
  args: ListArgs<Filter>,
  narrowed: Narrowed,
) {
  type Row = Rows[T]
  const { name, orders } = options
  const { loaders, app } = context
  const { within } = narrowed
  const orderName = args.orderBy?.field ?? Object.keys(orders)[0] ?? ''
  const query = queryOf(options, context, args, orderName, narrowed)
  if (!within) {
    return connectionOf<Row>(
      orderName,
      () => page<Row>(app.db, query),
      () => count(app.db, query),
    )
  }
  const { belongs, parentId } = within
  // Lists that are asked for in the same way are read together, whatever their parents.
  const key = `${name} ${belongs('t', 'p')} ${JSON.stringify(args)}`
  const pages = () => loaders.batch(`page ${key}`, (parents) => pagesOf<Row>(app.db, query, belongs, parents))
  const counts = () => loaders.batch(`count ${key}`, (parents) => countsOf(app.db, query, belongs, parents))
  async function pageWithin(): Promise<Page<Row>> {
    const found = await pages().load(parentId)
    if (!found) throw new Error(`no page of ${name} for ${parentId}`)
    return found
  }
  return connectionOf<Row>(orderName, pageWithin, async () => (await counts().load(parentId)) ?? 0)
}

function declareTypes<Row extends { id: string }>(
  name: string,
  type: ObjectRef<ResolvedTypes, Row>,
  orders: ListOptions<keyof Rows, unknown>['orders'],
) {
  const orderField = builder.enumType(`${name}OrderField`, {
    description: `The fields by which a list of ${name} objects can be sorted.`,
    values: Object.fromEntries(Object.entries(orders).map(([key, { description }]) => [key, { description }])),
  })
  const order = builder.inputType(`${name}Order`, {
    description: `The order of a list of ${name} objects.`,
    fields: (t) => ({
      field: t.field({ type: orderField, required: true, description: 'The field to sort by.' }),
      direction: t.field({ type: OrderDirection, required: true, description: 'The direction to sort in.' }),
    }),
  })
  const connection = builder.connectionObject(
    {
      type,
      name: `${name}Connection`,
      description: `One page of a list of ${name} objects.`,
      fields: (t) => ({
        totalCount: t.int({
          description:
            'The number of items in the whole list that match the filter. Counted only when the field is requested.',
          complexity: COUNT_COST,
          resolve: (parent) => parent.count(),
        }),
      }),
    },
    { name: `${name}Edge`, description: `One ${name} of a page, with its cursor.` },
  )
  return { connection, order }
}

/** Counting reads every row of the list. */
const COUNT_COST = 10

/** The page is read on first use, so that a query for the count alone reads no rows. */
function connectionOf<Row extends { id: string }>(
  orderName: string,
  load: () => Promise<Page<Row>>,
  count: () => Promise<number>,
) {
  let loaded: Promise<Page<Row>> | undefined
  const once = () => {
    loaded ??= load()
    return loaded
  }
  return {
    count,
    get edges() {
      return once().then(({ rows, positionOf }) =>
        rows.map((node) => ({
          node,
          get cursor() {
            return encodeCursor(orderName, positionOf(node))
          },
        })),
      )
    },
    get pageInfo() {
      return once().then(({ rows, positionOf, hasNextPage, hasPreviousPage }) => {
        const [first] = rows
        const last = rows.at(-1)
        return {
          hasNextPage,
          hasPreviousPage,
          startCursor: first ? encodeCursor(orderName, positionOf(first)) : null,
          endCursor: last ? encodeCursor(orderName, positionOf(last)) : null,
        }
      })
    },
  }
}

interface SizeArgs {
  readonly first?: number | null | undefined
  readonly last?: number | null | undefined
}

/** How often what is asked of an item counts. */
export function multiplierOf({ first, last }: SizeArgs): number {
  return Math.min(Math.max(first ?? last ?? DEFAULT_SIZE, 1), MAX_SIZE)
}

/** @throws GraphQLError BAD_USER_INPUT when the page is too large */
export function sizeOf({ first, last }: SizeArgs): number {
  const forward = typeof first === 'number'
  if (forward && typeof last === 'number') throw badInput('`first` and `last` cannot be combined')
  const name = typeof last === 'number' ? 'last' : 'first'
  const size = first ?? last ?? DEFAULT_SIZE
  if (size < 0) throw badInput(`\`${name}\` must not be negative`)
  if (size > MAX_SIZE) throw badInput(`\`${name}\` must be at most ${MAX_SIZE}`)
  return size
}
