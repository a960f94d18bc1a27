import { createHash } from 'node:crypto'
import type { InputFieldMap, ObjectRef } from '@pothos/core'
import type { GraphQLInputType, GraphQLResolveInfo } from 'graphql'
import type { Actor, Call, Done } from '../kernel/actor.ts'
import { DomainError, type Problem, RefusedBefore } from '../kernel/errors.ts'
import { normalText } from '../kernel/input.ts'
import { faultsIn } from '../kernel/json.ts'
import { type Builder, builder, type ResolvedTypes } from './builder.ts'
import { canonicalInput, type Meaning } from './canonical.ts'
import { actorOf, type Context } from './context.ts'
import { countRootFields } from './document.ts'
import { NODES } from './nodes.ts'
import type { Rows } from './rows.ts'
import type { Services } from './services.ts'
import { UserErrorRef } from './user-errors.ts'

type Kind = keyof typeof NODES
type Input = Readonly<Record<string, unknown>>
export type InputFields = Parameters<Parameters<Builder['inputType']>[1]['fields']>[0]

interface NodeObject<Answer> {
  readonly name: string
  readonly kind: Kind
  readonly description: string
  /** The object's row, where the answer has it as it stands; it is read otherwise. */
  readonly row?: (answer: Answer) => Rows[(typeof NODES)[Kind]['table']] | undefined
}

/** Something without an id of its own. */
interface OtherObject {
  readonly name: string
  readonly type: object
  readonly description: string
  /** Reads it as it is now; a repeat has the same input and id. */
  readonly read: (context: Context, input: Input, done: Done) => Promise<object | null>
}

interface MutationOptions<Answer extends Done> extends Meaning {
  readonly description: string
  /** Who may: any secret key, or one of an OWNER or ADMIN. */
  readonly scope?: 'key' | 'manager'
  /** Where money moves a repeat must be told from a second wish, so the key is not a choice. */
  readonly idempotency: 'optional' | 'required'
  readonly input: (t: InputFields) => InputFieldMap
  /** The object that the mutation answers with. */
  readonly object: NodeObject<Answer> | OtherObject
  /** A field of the answer that is no part of the object. */
  readonly also?: {
    readonly name: string
    readonly description: string
    readonly value: (answer: Answer) => string | undefined
  }
  /** Input fields that the service knows by another name, as { theirs: ours }. */
  readonly names?: Readonly<Record<string, string>>
  readonly run: (app: Services, call: Call, input: Input, context: Context) => Promise<Answer>
}

/** What came of a mutation: its object as it stands and the field beside it are known where it was done just now. */
interface Outcome extends Done {
  readonly row?: Rows[(typeof NODES)[Kind]['table']] | undefined
  readonly also?: string | undefined
}

interface Payload {
  readonly object: object | null
  readonly userErrors: readonly Problem[]
  readonly replayed: boolean
  readonly also: string | null
}

/**
 * Declares a mutation: `XInput`, `XPayload { <object> userErrors replayed }` and the field, from the service's verb.
 * What the caller can act on comes back as userErrors; everything else is a top-level error.
 */
export function mutation<Answer extends Done>(name: string, options: MutationOptions<Answer>): void {
  const { description, scope = 'key' } = options
  const input = declareInput(name, options)
  const payload = declarePayload(name, options)
  builder.mutationField(name, (t) =>
    t.field({
      type: payload,
      description,
      authScopes: { [scope]: true },
      args: { input: t.arg({ type: input, required: true, description: 'The input of the mutation.' }) },
      resolve: (_root, args, context, info) => answer(name, options, args.input as Input, context, info),
    }),
  )
}

function declareInput(name: string, { idempotency, input }: Pick<MutationOptions<Done>, 'idempotency' | 'input'>) {
  return builder.inputType(`${typeNameOf(name)}Input`, {
    description: `The input of \`${name}\`.`,
    fields: (t) => ({
      idempotencyKey:
        idempotency === 'required'
          ? t.string({ required: true, defaultValue: '', description: REQUIRED_KEY })
          : t.string({ description: OPTIONAL_KEY }),
      ...input(t),
    }),
  })
}

function declarePayload<Answer extends Done>(name: string, { object, also }: MutationOptions<Answer>) {
  return builder.objectRef<Payload>(`${typeNameOf(name)}Payload`).implement({
    description: `The answer of \`${name}\`.`,
    fields: (t) => ({
      [object.name]: t.field({
        type: ('kind' in object ? NODES[object.kind].ref : object.type) as ObjectRef<ResolvedTypes, object>,
        nullable: true,
        description: `${object.description} Null when the request was refused and nothing was changed.`,
        resolve: (payload) => payload.object,
      }),
      ...(also && {
        [also.name]: t.string({ nullable: true, description: also.description, resolve: (payload) => payload.also }),
      }),
      userErrors: t.field({
        type: [UserErrorRef],
        description: 'The errors that the caller can correct. Empty when the request succeeded.',
        resolve: (payload) => [...payload.userErrors],
      }),
      replayed: t.exposeBoolean('replayed', {
        description:
          'Whether this is the stored answer of an earlier request with the same idempotency key. The request itself had no further effect.',
      }),
    }),
  })
}

function typeNameOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

async function answer<Answer extends Done>(
  name: string,
  options: MutationOptions<Answer>,
  input: Input,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<Payload> {
  const { idempotencyKey: given, ...rest } = input as Input & { idempotencyKey?: string | null }
  const isAlone = countRootFields(info) === 1
  const key = normalText(given || (isAlone && context.idempotencyKey) || '')
  const problems = unkeepable(input)
  if (options.idempotency === 'required' && !key) problems.push(MISSING_KEY)
  if (problems.length > 0) return refused(problems)
  const text = canonicalInput(inputTypeOf(info), rest, options)
  const payload = await run(context, options, callOf(actorFor(context, isAlone), name, key, text), rest)
  if (isAlone && key) echo(context, key, payload)
  return payload
}

function inputTypeOf({ parentType, fieldName }: GraphQLResolveInfo): GraphQLInputType {
  const argument = parentType.getFields()[fieldName]?.args.find(({ name }) => name === 'input')
  if (!argument) throw new Error(`${fieldName} takes no input`)
  return argument.type
}

/** Who asks. Another mutation of the same request may have turned the clock since the request began. */
function actorFor(context: Context, isAlone: boolean): Actor {
  const { clockAheadMs, ...actor } = actorOf(context)
  return isAlone && clockAheadMs !== undefined ? { ...actor, clockAheadMs } : actor
}

function callOf(actor: Actor, operation: string, idempotencyKey: string | undefined, canonicalInput: string): Call {
  const requestHash = createHash('sha256').update(canonicalInput).digest()
  return { actor, operation, requestHash, ...(idempotencyKey && { idempotencyKey }) }
}

async function run<Answer extends Done>(
  context: Context,
  { object, also, names = {}, ...options }: MutationOptions<Answer>,
  call: Call,
  input: Input,
): Promise<Payload> {
  const ours = Object.fromEntries(Object.entries(names).map(([theirs, our]) => [our, theirs]))
  const renamed = Object.fromEntries(Object.entries(input).map(([field, value]) => [ours[field] ?? field, value]))
  try {
    const answer: Outcome = await context.app.idempotency.once(call, async () => {
      if (options.idempotency === 'required') await context.app.preflight.ask(call, input)
      const done = await options.run(context.app, call, renamed, context)
      return { ...done, row: 'kind' in object ? object.row?.(done) : undefined, also: also?.value(done) }
    })
    return {
      object: await shown(context, object, renamed, answer),
      userErrors: (answer.problems ?? []).map((problem) => withNames(problem, names)),
      replayed: answer.replayed,
      also: answer.also ?? null,
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    const problems = error.problems.map((problem) => withNames(problem, names))
    return refused(problems, error instanceof RefusedBefore)
  }
}

async function shown(
  context: Context,
  object: Pick<NodeObject<never>, 'kind'> | OtherObject,
  input: Input,
  answer: Outcome,
): Promise<object | null> {
  if (!('kind' in object)) return object.read(context, input, answer)
  const table: keyof Rows = NODES[object.kind].table
  return answer.row ? context.loaders.known(table, answer.row) : context.loaders.fresh(table, answer.id)
}

/** Says in the headers of a request with one mutation how it was answered. */
function echo({ setHeader }: Context, key: string, { replayed }: Payload): void {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) setHeader?.('x-idempotency-key', key)
  if (replayed) setHeader?.('idempotent-replayed', 'true')
}

/** Problems name the field as the API calls it. */
function withNames(problem: Problem, names: Readonly<Record<string, string>>): Problem {
  const [first, ...rest] = problem.field ?? []
  const named = first === undefined ? undefined : names[first]
  return named === undefined ? problem : { ...problem, field: [named, ...rest] }
}

function refused(userErrors: readonly Problem[], replayed = false): Payload {
  return { object: null, userErrors, replayed, also: null }
}

function unkeepable(input: Input): Problem[] {
  return faultsIn(input).map(({ path, message }) => ({ code: 'INVALID', message, field: path }))
}

const MISSING_KEY: Problem = {
  code: 'REQUIRED',
  message: 'is required, here or as the Idempotency-Key header of a request with one mutation',
  field: ['idempotencyKey'],
}

const REQUIRED_KEY =
  'Identifies this request, so that it can be repeated safely: a repeat with the same key and input returns the first answer and changes nothing. After a refusal the key can be used again with corrected input. A key is required, here or as the Idempotency-Key header of a request with one mutation. The default, an empty text, stands for the header: without the header it is refused with REQUIRED.'

const OPTIONAL_KEY =
  'Identifies this request, so that it can be repeated safely: a repeat with the same key and input returns the first answer and changes nothing. After a refusal the key can be used again with corrected input. Null or an empty text stands for the Idempotency-Key header of a request with one mutation; without the header too the request has no key, and a repeat is a second request.'
