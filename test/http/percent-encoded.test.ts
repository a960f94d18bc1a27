import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

describe('what is percent-encoded', () => {
  test('and is not UTF-8 is 400 in a query string and in a form, and nothing is read as other text', async () => {
    for (const path of ['/graphql?query=%7Bviewer(a:%22%ff%fe%22)%7Bmode%7D%7D', '/exports/accounting?from=%C3%28']) {
      const answer = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${gateway.key}` } })
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('must be UTF-8')])
    }
    const form = { method: 'POST', body: 'name=%FF', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    for (const path of ['/claim/none', '/sandbox/qbitflow/pay/none']) {
      expect((await fetch(gateway.url + path, form)).status, path).toBe(400)
    }
  })

  test('and is UTF-8, or is no encoding at all, is read', async () => {
    for (const text of ['%C3%A9', '100%', '%zz', '%F0%9F%8D%B5']) {
      const path = `/graphql?query=${encodeURIComponent('{ viewer { mode } }')}&note=${text}`
      const answer = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${gateway.key}` } })
      expect(answer.status, text).toBe(200)
    }
  })
})
