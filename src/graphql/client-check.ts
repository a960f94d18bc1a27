import type { DocumentNode, GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Actor } from '../kernel/actor.ts'
import type { Context } from './context.ts'
import { rootFields } from './document.ts'
import { refusal } from './refusal.ts'

/** Where a tenant has its own clients show tokens, each operation of a secret key needs one that its endpoint allows. */
export function clientCheck(): Plugin {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const call = callOf(args)
      return call && refuse(call).then((error) => error && setResultAndStopExecution({ errors: [error] }))
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const call = callOf(args)
      return call && refuse(call).then((error) => error && setResultAndStopExecution({ errors: [error] }))
    },
  }
}

interface ToCheck {
  readonly context: Context
  readonly actor: Actor
  readonly url: string
  readonly actions: readonly string[]
}

/** What has to be asked about; undefined for most operations, which wait for nothing. */
function callOf({ contextValue, document }: { contextValue?: unknown; document: DocumentNode }): ToCheck | undefined {
  const context = contextValue as Context
  const { caller } = context
  const url = caller.kind === 'key' ? caller.terms.clientAuthUrl : null
  if (caller.kind !== 'key' || url === null) return undefined
  const { actor } = caller
  const { kind, fields } = rootFields(document)
  // What the schema says of itself is nobody's data; and a wrong address must not lock out who can put it right.
  if (fields.length === 0 || (actor.role === 'OWNER' && fields.join() === WAY_BACK)) return undefined
  return { context, actor, url, actions: fields.map((field) => `${field}.${kind}`) }
}

async function refuse({ context, actor, url, actions }: ToCheck): Promise<GraphQLError | undefined> {
  const { app, clientToken } = context
  const verdict = await app.clientAuthentication.check(actor, url, clientToken, actions)
  switch (verdict) {
    case 'allowed':
      return undefined
    case 'unauthenticated':
      return refusal('UNAUTHENTICATED', clientToken ? BAD_TOKEN : NO_TOKEN, 401, { 'www-authenticate': 'Bearer' })
    case 'forbidden':
      return refusal('FORBIDDEN', 'The client is not allowed to do this', 403)
    case 'unavailable':
      return refusal(
        'PRECONDITION_FAILED',
        'The client could not be checked, because the authentication endpoint gave no usable answer',
        412,
      )
  }
}

const WAY_BACK = 'setClientAuthentication'
const BAD_TOKEN = "The client's token is not valid"
const NO_TOKEN = "The client's token is missing: send it as X-Client-Token, or as the password of HTTP Basic"
