import { COLUMNS, type Row } from './columns.ts'

/** A JSON array, row by row. */
export function streamJson(rows: AsyncIterable<Row>): ReadableStream<Uint8Array> {
  return stream(async function* () {
    let separator = '['
    for await (const row of rows) {
      yield separator + JSON.stringify(row)
      separator = ','
    }
    yield separator === '[' ? '[]' : ']'
  })
}

/** RFC 4180 with `\n` at the end of each line, and a header also when nothing follows. */
export function streamCsv(rows: AsyncIterable<Row>): ReadableStream<Uint8Array> {
  return stream(async function* () {
    yield `${COLUMNS.join(',')}\n`
    for await (const row of rows) yield `${COLUMNS.map((column) => cell(row[column])).join(',')}\n`
  })
}

function cell(value: string | number): string {
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Reads no further ahead than the receiver does, and stops when the receiver goes. */
function stream(lines: () => AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const source = lines()
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await source.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await source.return(undefined)
    },
  })
}
