import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql'
import type { YogaServerInstance } from 'graphql-yoga'
import type { Caller } from '../kernel/actor.ts'

/** Who asks and how, where a door other than Yoga's own has found out already. */
export interface Asked {
  readonly caller: Caller
  /** Whether it came over a WebSocket, where alone subscriptions live. */
  readonly overSocket: boolean
  readonly idempotencyKey?: string | undefined
  readonly timezone?: string | undefined
}

/** What a door hands to Yoga beside the request. */
export interface FromDoor {
  readonly asked?: Asked
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
