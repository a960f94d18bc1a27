import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { readAddress } from './address.ts'
import { openPool } from './connection.ts'
import { PrismaClient } from './generated/client.ts'
import { DEFAULT_SCHEMA } from './session.ts'
import { traceStatements } from './tracing.ts'

/** PostgreSQL, reached in two ways over one pool: Prisma for ordinary reads and writes, named statements for hot paths. */
export type Database = ReturnType<typeof openDatabase>

export type Transaction = Omit<
  Database['prisma'],
  '$extends' | '$transaction' | '$disconnect' | '$connect' | '$on' | '$use'
>

/** A burst waits its turn at the pool and at the locks; Prisma's own limits of 2 and 5 seconds would refuse it. */
const TRANSACTION_LIMITS = { maxWait: 15_000, timeout: 30_000 }

export interface DatabaseOptions {
  readonly poolSize?: number | undefined
  /** Where a connection keeps its session, where `url` leads to a pooler that does not give one. */
  readonly sessionUrl?: string | undefined
}

export function openDatabase(url: string, { poolSize = 16, sessionUrl = url }: DatabaseOptions = {}) {
  const pool = openPool(url, { name: 'tollgate', size: poolSize })
  traceStatements(pool)
  pool.on('connect', traceStatements)
  const prisma = withExactMoney(
    new PrismaClient({
      adapter: new PrismaPg(pool, { schema: readAddress(url).schema ?? DEFAULT_SCHEMA }),
      transactionOptions: TRANSACTION_LIMITS,
    }),
  )
  return {
    url,
    /** For what lasts longer than a transaction: LISTEN, and locks of a session. */
    sessionUrl,
    pool,
    prisma,
    /** Runs a named prepared statement. Columns come back in camelCase, whole numerics as bigint. */
    async query<Row>(name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
      const query = { name, text, values: [...values], types: EXACT_TYPES, rowMode: 'array' as const }
      return camelRows<Row>(await pool.query(query))
    },
    async close(): Promise<void> {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

const INT8 = 20
const NUMERIC = 1700
const TIMESTAMPTZ = 1184

const EXACT_TYPES = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return BigInt
    if (oid === NUMERIC) return (text: string) => (/^-?\d+$/.test(text) ? BigInt(text) : text)
    if (oid === TIMESTAMPTZ) return momentOf
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

/** The library's own reader takes several times as long, and a page holds some sixty moments. */
function momentOf(text: string): Date {
  // PostgreSQL leaves out what ISO 8601 wants: 2026-11-21 04:58:27.123+00
  const at = new Date(`${text.replace(' ', 'T')}${text.at(-3) === ':' ? '' : ':00'}`)
  return Number.isNaN(at.getTime()) ? pg.types.getTypeParser(TIMESTAMPTZ)(text) : at
}

const CAMEL = new Map<string, string>()

function camel(column: string): string {
  let name = CAMEL.get(column)
  if (name === undefined) {
    name = column.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    CAMEL.set(column, name)
  }
  return name
}

function camelRows<Row>({ fields, rows }: pg.QueryArrayResult): Row[] {
  const names = fields.map((field) => camel(field.name))
  return rows.map((values) => {
    const row: Record<string, unknown> = {}
    for (let index = 0; index < names.length; index++) row[names[index] ?? ''] = values[index]
    return row as Row
  })
}

interface DecimalLike {
  toFixed(places: number): string
}

/** Amounts are kept as numeric(38,0), which Prisma reads as decimals; the house speaks bigint. */
function withExactMoney(client: PrismaClient) {
  return client.$extends({
    result: {
      product: { priceMinor: exact('priceMinor') },
      checkout: { priceMinor: exact('priceMinor'), freeCreditsMinor: exactOrNull('freeCreditsMinor') },
      subscription: {
        priceMinor: exact('priceMinor'),
        allowanceMinor: exactOrNull('allowanceMinor'),
        unitsMillionths: exactOrNull('unitsMillionths'),
        freeCreditsMinor: exactOrNull('freeCreditsMinor'),
        maxSpendingMinor: exactOrNull('maxSpendingMinor'),
      },
      billing: { amountMinor: exact('amountMinor') },
      usageReport: {
        unitsMillionths: exact('unitsMillionths'),
        countedMillionths: exactOrNull('countedMillionths'),
      },
      payment: {
        amountMinor: exact('amountMinor'),
        settledMinor: exactOrNull('settledMinor'),
        providerFeeMinor: exactOrNull('providerFeeMinor'),
        organizationFeeMinor: exactOrNull('organizationFeeMinor'),
        refundedMinor: exact('refundedMinor'),
      },
      refund: {
        amountMinor: exact('amountMinor'),
        settledMinor: exactOrNull('settledMinor'),
        networkFeeMinor: exactOrNull('networkFeeMinor'),
      },
      claimFunds: { owedMinor: exact('owedMinor') },
      account: { balance: exact('balance'), held: exact('held'), overdraftLimit: exactOrNull('overdraftLimit') },
      ledgerTransaction: { total: exact('total'), refunded: exact('refunded'), converted: exactOrNull('converted') },
      entry: { amount: exact('amount'), balanceAfter: exact('balanceAfter') },
    },
  })
}

function exact<Field extends string>(field: Field) {
  return {
    needs: { [field]: true } as { [F in Field]: true },
    compute: (row: { [F in Field]: DecimalLike }): bigint => BigInt(row[field].toFixed(0)),
  }
}

function exactOrNull<Field extends string>(field: Field) {
  return {
    needs: { [field]: true } as { [F in Field]: true },
    compute: (row: { [F in Field]: DecimalLike | null }): bigint | null => {
      const value = row[field]
      return value === null ? null : BigInt(value.toFixed(0))
    },
  }
}
