import { expect, test } from 'vitest'
import { createLog, prettyLine } from '../../src/http/log.ts'

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = []
  write(createLog({ level: 'info', pretty: false, destination: { write: (line) => void lines.push(line) } }))
  return lines.join('')
}

test('secrets are redacted wherever they stand', () => {
  const text = logged((log) => {
    log.info({ authorization: 'hunter2', apiKey: 'hunter2', 'x-api-key': 'hunter2' })
    log.info({ headers: { authorization: 'hunter2', cookie: 'hunter2', 'x-api-key': 'hunter2' } })
    log.info({ request: { headers: { authorization: 'hunter2', 'x-api-key': 'hunter2' } } })
    log.info({ connection: { credentials: { key: 'hunter2' } }, checkout: { clientSecret: 'hunter2' } })
    log.info({ list: [{ 'Set-Cookie': 'hunter2' }], webhookSecret: 'hunter2' })
    log.error({ err: Object.assign(new Error('refused'), { request: { headers: { Authorization: 'hunter2' } } }) })
  })
  expect(text).not.toContain('hunter2')
  expect(text).toContain('[redacted]')
  expect(text).toContain('refused')
})

test('a line for people has the time, the level, the message and the facts', () => {
  const line = prettyLine(
    '{"level":"warn","time":"2026-03-31T12:34:56.789Z","requestId":"r1","ms":1.5,"msg":"slow","err":{"stack":"Error: x\\n    at y"}}\n',
  )
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
  expect(line.replace(/\u001b\[\d+m/g, '')).toBe('12:34:56.789 warn  slow requestId=r1 ms=1.5\n  Error: x\n    at y\n')
})
