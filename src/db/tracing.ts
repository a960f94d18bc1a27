import type pg from 'pg'
import { tracedWithin } from '../kernel/trace.ts'

type Query = (...given: unknown[]) => unknown

/** Gives each statement a span. Prisma and named statements alike go through the pool or through its connections. */
export function traceStatements(through: Pick<pg.Pool | pg.PoolClient, 'query'>): void {
  const query = through.query.bind(through) as Query
  const traceable: Query = (...given) => {
    // The pool hands what it was asked itself, and traced already, to a connection with a callback.
    if (given.some((each) => typeof each === 'function')) return query(...given)
    const { name, text } = statementOf(given[0])
    const attributes = { 'db.system.name': 'postgresql', 'db.query.text': text }
    return tracedWithin(name ?? text.split(/\s/, 1)[0] ?? '', attributes, async () => query(...given))
  }
  through.query = traceable as typeof through.query
}

function statementOf(statement: unknown): { name?: string; text: string } {
  return typeof statement === 'string' ? { text: statement } : (statement as { name?: string; text: string })
}
