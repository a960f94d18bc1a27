import { useGraphQlJit } from '@envelop/graphql-jit'
import type { DocumentNode } from 'graphql'
import { isQuery } from './document.ts'

/**
 * Queries that come again are compiled. Compiling a large document takes longer than running it once, so that one
 * which never comes back is not; and mutations are left to the interpreter, which knows the whole of the input rules.
 */
export function compilation() {
  const known = new WeakSet<DocumentNode>()

  function hasComeBefore(document: DocumentNode): boolean {
    if (known.has(document)) return true
    known.add(document)
    return false
  }

  return useGraphQlJit({}, { enableIf: ({ document }) => isQuery(document) && hasComeBefore(document) })
}
