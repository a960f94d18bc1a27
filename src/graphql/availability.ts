import { type ExecutionArgs, type ExecutionResult, type GraphQLError, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { onBehalfOf } from '../db/requester.ts'
import type { Caller } from '../kernel/actor.ts'
import { Unavailable, unavailable } from '../kernel/unavailable.ts'
import type { Context } from './context.ts'
import { refusal } from './refusal.ts'

/** How long a query or mutation may take. */
const DEADLINE_MS = 60_000

/**
 * Every operation ends: at its deadline, and a query also when nobody waits for its answer any more, with whatever the
 * database does for it. A mutation is carried through, so that a repeat under its idempotency key finds what came of it.
 * What the database cannot do at this moment is answered as one error that says so, and never as a part of an answer.
 */
export function availability(deadlineMs = DEADLINE_MS): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => bounded(args, executeFn as Execute, deadlineMs))
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const { caller } = args.contextValue as unknown as Context
      setSubscribeFn((given) => onBehalfOf({ party: partyOf(caller) }, () => subscribeFn(given)))
    },
  }
}

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>

async function bounded(args: ExecutionArgs, execute: Execute, deadlineMs: number): Promise<ExecutionResult> {
  const { caller, gone } = args.contextValue as Context
  const isQuery = getOperationAST(args.document, args.operationName)?.operation === 'query'
  const ending = new AbortController()
  const end = () => ending.abort(new Unavailable('The client has closed the connection'))
  gone?.addEventListener('abort', end)
  let overdue: NodeJS.Timeout | undefined
  const deadline = new Promise<ExecutionResult>((resolve) => {
    overdue = setTimeout(() => {
      const late = new Unavailable(`The operation was stopped after ${deadlineMs / 1_000} seconds; try again`)
      ending.abort(late)
      resolve({ errors: [asRefusal(late)] })
    }, deadlineMs)
  })
  try {
    const requester = { party: partyOf(caller), signal: isQuery ? ending.signal : undefined }
    const result = await Promise.race([onBehalfOf(requester, () => execute(args)), deadline])
    return withoutParts(result, args.contextValue as Context, isQuery)
  } finally {
    clearTimeout(overdue)
    gone?.removeEventListener('abort', end)
  }
}

/** A part of what was asked for would pass for the whole. What mutations beside it have done is told all the same. */
function withoutParts(result: ExecutionResult, { app, requestId, gone }: Context, isQuery: boolean): ExecutionResult {
  const away = result.errors?.map(unavailable).find((each) => each !== undefined)
  if (!away) return result
  if (!gone?.aborted)
    app.log.warn({ err: away.cause ?? away, requestId }, 'an operation could not be answered at this moment')
  const isDone = !isQuery && Object.values(result.data ?? {}).some((value) => value !== null)
  return isDone ? result : { errors: [asRefusal(away)] }
}

/** Who shares connections with whom. */
export function partyOf(caller: Caller): string {
  if (caller.kind === 'anonymous') return 'anonymous'
  return caller.kind === 'key' ? caller.actor.tenantId : caller.tenantId
}

export function asRefusal({ message, retryAfter }: Unavailable): GraphQLError {
  return refusal('UNAVAILABLE', message, 503, { 'retry-after': String(retryAfter) })
}
