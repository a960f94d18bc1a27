import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const hasBrowser = existsSync(CHROMIUM)

/** Says on the console that what needs a browser is skipped, where there is none. */
export function warnWithoutBrowser(what: string): void {
  if (!hasBrowser) console.warn(`skipped: ${what}, since ${CHROMIUM} is not installed`)
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

/** A browser is slow to start and to draw where others want the processor too. */
export const BROWSER_TEST_MS = 60_000

export interface Tab {
  readonly page: Page
  /** What the browser complained about: errors on the console, exceptions, answers that never came. */
  readonly complaints: readonly string[]
}

/** A page of its own that reaches nothing but these origins: every other request is cut off. */
export async function openTab(browser: Browser, origins: readonly string[]): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
  const complaints: string[] = []
  await context.route(
    ({ origin, protocol }) => /^(http|ws)/.test(protocol) && !origins.includes(origin),
    (route) => {
      complaints.push(`asked the outside for ${route.request().url()}`)
      return route.abort('internetdisconnected')
    },
  )
  const page = await context.newPage()
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  return { page, complaints }
}

/** Keeps a picture of the page for somebody to look at, where the environment's SHOTS names a folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true })
}
