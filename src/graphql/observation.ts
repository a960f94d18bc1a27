import { getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { operations } from '../kernel/metrics.ts'
import { traced } from '../kernel/trace.ts'

/**
 * Counts, times and traces every query and mutation, whichever door it came through. It stands after the compiler, so
 * that what it times is how the operation really ran.
 */
export function observation(): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn(async (args) => {
        const operation = getOperationAST(args.document, args.operationName)
        const type = operation?.operation ?? 'query'
        const name = operation?.name?.value
        const attributes = { 'graphql.operation.type': type, ...(name && { 'graphql.operation.name': name }) }
        const done = operations.startTimer({ type })
        return traced(name ? `${type} ${name}` : type, attributes, async () => {
          const result = await executeFn(args)
          done({ outcome: 'errors' in result && result.errors ? 'errors' : 'ok' })
          return result
        })
      })
    },
  }
}
