import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventsPage, PAGE } from '../../scripts/events-page.ts'

test('docs/events.md is what the code says; `npm run events` writes it', () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(eventsPage())
})
