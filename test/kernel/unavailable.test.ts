import { describe, expect, test } from 'vitest'
import { isConflict, Unavailable, unavailable } from '../../src/kernel/unavailable.ts'

const coded = (code: string) => Object.assign(new Error('no'), { code })
/** As Prisma hands on what the driver said about a statement of ours. */
const fromPrisma = (code: string, originalCode: string) =>
  Object.assign(new Error('no'), { code, meta: { driverAdapterError: { cause: { originalCode } } } })

describe('what the database cannot do at this moment', () => {
  test.each([
    ['a connection that is lost', new Error('Connection terminated unexpectedly')],
    ['a connection that is refused', coded('ECONNREFUSED')],
    ['several addresses that are refused', new AggregateError([coded('ECONNREFUSED'), coded('ETIMEDOUT')])],
    ['a connection that is not had in time', new Error('Connection terminated due to connection timeout')],
    ['too many connections', coded('53300')],
    ['a full disk', coded('53100')],
    ['no memory', coded('53200')],
    ['an operator who ends the connection', coded('57P01')],
    ['a server that crashes', coded('57P02')],
    ['a server that starts', coded('57P03')],
    ['a server that is read-only', coded('25006')],
    ['no server that takes changes', Object.assign(new Error('no'), { name: 'ReadOnlyError' })],
    ['a lock that is not had in time', coded('55P03')],
    ['a statement that takes too long', coded('57014')],
    ['a deadlock after the last try', coded('40P01')],
    ['a serialization failure after the last try', coded('40001')],
    ['a pooler that has no connection to give', coded('08P01')],
    ['a transaction of Prisma that gets no connection', coded('P2028')],
    ['a server that Prisma does not reach', coded('P1001')],
    ['a connection that Prisma finds closed', coded('P1017')],
    ['a conflict, as Prisma calls it', coded('P2034')],
    ['a lock, as Prisma hands it on', fromPrisma('P2010', '55P03')],
    ['a lost connection as a cause', new Error('it failed', { cause: new Error('Connection terminated') })],
  ])('is %s', (_, error) => {
    expect(unavailable(error)).toBeInstanceOf(Unavailable)
  })

  test.each([
    ['a mistake of ours', new TypeError('x is not a function')],
    ['a value that is there already', coded('23505')],
    ['a table that is missing', coded('42P01')],
    ['a row that Prisma does not find', fromPrisma('P2025', '42P01')],
    ['text that is thrown', 'Connection terminated'],
    ['nothing', undefined],
  ])('is not %s', (_, error) => {
    expect(unavailable(error)).toBeUndefined()
  })

  test('keeps what was said about it, and when to come back', () => {
    const busy = new Unavailable('too many wait', { retryAfter: 7 })
    expect(unavailable(new Error('in vain', { cause: busy }))).toBe(busy)
  })

  test('does not look for ever in an error that is its own cause', () => {
    const error = new Error('no')
    error.cause = error
    expect(unavailable(error)).toBeUndefined()
  })
})

test('only two transactions in each other’s way are a conflict', () => {
  for (const error of [coded('40001'), coded('40P01'), coded('P2034'), fromPrisma('P2010', '40P01')]) {
    expect(isConflict(error)).toBe(true)
  }
  expect(isConflict(coded('55P03'))).toBe(false)
})
