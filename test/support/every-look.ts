import axe, { type AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { shoot } from './browser.ts'

/** How a page may be looked at. */
const LOOKS = [
  ['phone', 320, 'light'],
  ['phone', 320, 'dark'],
  ['desktop', 1280, 'light'],
  ['desktop', 1280, 'dark'],
] as const

/** What axe says of colours and sizes; everything else is the same in every look. */
const RULES_OF_LOOKS = ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size']

/** What is wrong with a page: what axe finds, and what does not fit. */
type Complaint = string

/** Opens a page in every look, checks it in each, and keeps pictures of it where SHOTS names a folder. */
export async function expectGoodInEveryLook(page: Page, name: string): Promise<void> {
  const complaints: Complaint[] = []
  await page.evaluate(axe.source)
  for (const [index, [device, width, colorScheme]] of LOOKS.entries()) {
    await page.setViewportSize({ width, height: device === 'phone' ? 640 : 860 })
    await page.emulateMedia({ colorScheme })
    const look = `${name}, ${device}, ${colorScheme}`
    complaints.push(
      ...(await complaintsOf(page, index === 0 ? undefined : RULES_OF_LOOKS)).map(
        (complaint) => `${look}: ${complaint}`,
      ),
    )
    await shoot(page, `${name.replaceAll(' ', '-')}-${device}-${colorScheme}`)
  }
  expect(complaints).toEqual([])
}

/** Elements whose content is wider than they are: it is cut off, or stands over something else. */
const TOO_NARROW = `[...document.querySelectorAll('html, body *:not(input, textarea, svg *)')]
  .filter((element) => element.clientWidth > 1 && element.scrollWidth > element.clientWidth)
  .map((element) => 'too narrow for its content: ' + element.outerHTML.slice(0, 200))`

async function complaintsOf(page: Page, runOnly?: readonly string[]): Promise<Complaint[]> {
  const tooNarrow = await page.evaluate<string[]>(TOO_NARROW)
  const options = JSON.stringify({ resultTypes: ['violations'], ...(runOnly ? { runOnly } : {}) })
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${options})`)
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${help}: ${html.slice(0, 200)} ${any[0]?.message ?? ''}`),
  )
  return [...found, ...tooNarrow]
}

/** A page that does not move, so that it is judged as it stays. */
export async function openStill(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  // A shop that has no page to show: the browser stays where it is.
  await context.route('https://shop.example/**', (route) => route.fulfill({ status: 204 }))
  return context.newPage()
}
