import { PrismaPg } from '@prisma/adapter-pg'
import { readAddress } from './address.ts'
import { rowsOf } from './exact-rows.ts'
import { PrismaClient } from './generated/client.ts'
import { openPool, type Pool, type PoolOptions } from './pool.ts'
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

/** How many connections serve requests and background work, where nobody says otherwise. */
const DEFAULT_POOL_SIZE = 10

/** How many serve long reads beside them. */
function longPoolSize(poolSize: number): number {
  return Math.ceil(poolSize / 2)
}

/** Every wait has an end. What takes longer here is answered as unavailable. */
const REQUESTS = { statementMs: 15_000, lockMs: 5_000, waitMs: 10_000 }
/** Exports, proofs, statistics and erasure read whole tables. */
const LONG = { statementMs: 10 * 60_000, lockMs: 5_000, waitMs: 10_000 }

export function openDatabase(url: string, { poolSize = DEFAULT_POOL_SIZE, sessionUrl = url }: DatabaseOptions = {}) {
  const pool = openTracedPool(url, { ...REQUESTS, name: 'tollgate', size: poolSize })
  const longPool = openTracedPool(url, { ...LONG, name: 'tollgate long reads', size: longPoolSize(poolSize) })
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
    /** How many connections the node may open at most: for requests, for long reads, and one that listens for events. */
    connections: poolSize + longPoolSize(poolSize) + 1,
    pool,
    prisma,
    /** Runs a named prepared statement. Columns come back in camelCase, whole numerics as bigint. */
    query<Row>(name: string | undefined, text: string, values: readonly unknown[] = []): Promise<Row[]> {
      return rowsOf<Row>(pool, { name, text, values })
    },
    /** For what reads whole tables: connections of its own, so that it never holds up a request. */
    long: {
      pool: longPool,
      query<Row>(name: string | undefined, text: string, values: readonly unknown[] = []): Promise<Row[]> {
        return rowsOf<Row>(longPool, { name, text, values })
      },
    },
    /** Something showed that connections have died in silence: those of the pools are replaced before they are used. */
    leaveConnections(): void {
      pool.leave()
      longPool.leave()
    },
    async close(): Promise<void> {
      await prisma.$disconnect()
      await Promise.all([pool.end(), longPool.end()])
    },
  }
}

function openTracedPool(url: string, options: PoolOptions): Pool {
  const pool = openPool(url, options)
  traceStatements(pool)
  pool.on('connect', traceStatements)
  return pool
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
        suspenseMinor: exact('suspenseMinor'),
      },
      paymentMovement: {
        amountMinor: exact('amountMinor'),
        providerFeeMinor: exact('providerFeeMinor'),
        organizationFeeMinor: exact('organizationFeeMinor'),
        settledMinor: exactOrNull('settledMinor'),
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
