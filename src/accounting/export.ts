import { COLUMNS, type Column } from './columns.ts'
import { type AccountingRow, figuresOf } from './event.ts'

export type Format = 'csv' | 'json'

/** The file in pieces, one for each page of rows. */
export function exportText(
  pages: AsyncIterable<readonly AccountingRow[]>,
  format: Format,
  { bom = false }: { bom?: boolean } = {},
): AsyncGenerator<string> {
  return format === 'csv' ? csv(pages, bom) : json(pages)
}

/** By this Excel knows that a file is UTF-8. */
const BOM = '\uFEFF'

/** RFC 4180. The header is there also where no row is. */
async function* csv(pages: AsyncIterable<readonly AccountingRow[]>, bom: boolean): AsyncGenerator<string> {
  let before = `${bom ? BOM : ''}${COLUMNS.map(({ name }) => name).join(',')}\r\n`
  for await (const rows of pages) {
    yield before + rows.map(csvLine).join('')
    before = ''
  }
}

function csvLine(row: AccountingRow): string {
  const figures = figuresOf(row)
  return `${COLUMNS.map((column) => csvCell(column, column.value(row, figures) ?? '')).join(',')}\r\n`
}

/** What others have written could be a formula to a spreadsheet; an apostrophe before it makes it the text that it is. */
function csvCell({ kind, mayHaveLines }: Column, value: string): string {
  const shown = mayHaveLines ? value.replace(/,?[\r\n]+/g, '; ') : value
  const harmless = kind === 'free text' && mayBeFormula(value) ? `'${shown}` : shown
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** Spreadsheets pass over what cannot be seen at the beginning, and take full-width signs for the plain ones. */
function mayBeFormula(value: string): boolean {
  const seen = value.replace(/^[\s\p{C}]+/u, '')
  return /^[\t\r]/.test(value) || /^[=+\-@]/.test(seen.slice(0, 2).normalize('NFKC'))
}

async function* json(pages: AsyncIterable<readonly AccountingRow[]>): AsyncGenerator<string> {
  let before = '['
  for await (const rows of pages) {
    if (rows.length === 0) continue
    yield `${before}\n${rows.map(jsonLine).join(',\n')}`
    before = ','
  }
  yield before === '[' ? '[]\n' : '\n]\n'
}

function jsonValue({ kind }: Column, value: string | null | undefined): string {
  if (kind === 'number') return value ?? 'null'
  return kind === 'object' ? (value ?? '{}') : JSON.stringify(value ?? '')
}

/** Numbers are written digit by digit: no float comes between them and the file. */
function jsonLine(row: AccountingRow): string {
  const figures = figuresOf(row)
  const members = COLUMNS.map((column) => {
    const written = jsonValue(column, column.value(row, figures))
    return `"${column.name}":${written}`
  })
  return `{${members.join(',')}}`
}
