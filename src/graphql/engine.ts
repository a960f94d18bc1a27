import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql'
import type { YogaServerInstance } from 'graphql-yoga'
import type { Caller } from '../kernel/actor.ts'
import type { Permit } from '../organizations/rate-limit.ts'

/** Who asks and how, as the door has found out. */
export interface Asked {
  readonly caller: Caller
  /** Whether it came over a WebSocket, where alone subscriptions live. */
  readonly overSocket: boolean
  /** What the request was counted by; undefined for what is not counted, because no key asks. */
  readonly permit?: Permit | undefined
  readonly idempotencyKey?: string | undefined
  readonly timezone?: string | undefined
  /** The token of the tenant's own client. */
  readonly clientToken?: string | undefined
  /** Aborted when nobody waits for the answer any more. */
  readonly gone?: AbortSignal | undefined
  /** Sets a header of the answer; left out where an answer has none. */
  readonly setHeader?: ((name: string, value: string) => void) | undefined
}

/** What a door hands to Yoga beside the request: how it was asked, or why it is refused before it is read. */
export interface FromDoor {
  readonly asked: Asked
  readonly refusal?: GraphQLError | undefined
}

export function requestIdOf({ caller }: Pick<Asked, 'caller'>): string {
  return caller.kind === 'key' ? caller.actor.requestId : caller.requestId
}

export interface Params {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Record<string, unknown> | null | undefined
}

export interface Prepared extends ExecutionArgs {
  readonly run: { execute(args: ExecutionArgs): Result; subscribe(args: ExecutionArgs): Result }
}

type Result = Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>>

/** Makes an operation ready to run, under the same limits whichever door it came through. */
export type Prepare = (asked: Asked, params: Params) => Promise<Prepared | readonly GraphQLError[]>

export function preparing(yoga: YogaServerInstance<FromDoor, object>): Prepare {
  return async (asked, { query, operationName, variables }) => {
    const { parse, validate, schema, contextFactory, execute, subscribe } = yoga.getEnveloped({ asked })
    try {
      const document = parse(query)
      const errors: readonly GraphQLError[] = validate(schema, document)
      if (errors.length > 0) return errors
      const contextValue = await contextFactory()
      return {
        schema,
        document,
        operationName,
        variableValues: variables ?? {},
        contextValue,
        run: { execute, subscribe },
      }
    } catch (error) {
      return [asGraphQLError(error)]
    }
  }
}

export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error
  const cause = error instanceof Error ? error : new Error(String(error))
  return new GraphQLError(cause.message, { originalError: cause })
}
