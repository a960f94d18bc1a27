import pg from 'pg'
import { Prisma } from './generated/client.ts'

interface Statement {
  /** Where it is to be prepared once on each connection. */
  readonly name?: string
  readonly text: string
  readonly values: readonly unknown[]
}

/** The rows of a statement. Columns come back in camelCase, whole numerics as bigint. */
export async function rowsOf<Row>(
  through: Pick<pg.Pool | pg.PoolClient, 'query'>,
  { name, text, values }: Statement,
): Promise<Row[]> {
  const query = { ...(name && { name }), text, values: [...values], types: EXACT_TYPES, rowMode: 'array' as const }
  return camelRows<Row>(await through.query(query))
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

/** A row that Prisma read as it stands in the table, as the house has it: in camelCase, whole numerics as bigint. */
export function camelRow<Row>(found: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(
    Object.entries(found).map(([name, value]) => [
      camel(name),
      Prisma.Decimal.isDecimal(value) ? BigInt(value.toFixed(0)) : value,
    ]),
  ) as Row
}
