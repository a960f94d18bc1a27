import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import { exampleTabs, MADE_BY, TAB_NAMES } from './graphiql-tabs.ts'

/** GraphiQL with everything it needs in one page, so that it works with the network cut. */

const STYLE = readFileSync(new URL('./graphiql.css', import.meta.url), 'utf8')
const CARRY_IDS = readFileSync(new URL('./graphiql-carry.js', import.meta.url), 'utf8')
const SCRIPT = `self.tollgateTabs = ${JSON.stringify({ madeBy: MADE_BY })}\n${CARRY_IDS}`

/** GraphiQL names a tab by its operation, which cannot begin with a number. */
const NUMBERS = TAB_NAMES.map(
  (name, index) => `.graphiql-tab-button[title="${name}"]::before { content: "${index + 1}\\a0"; }`,
).join('\n')

const HEAD = `<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${STYLE}${NUMBERS}</style>
</head>`
/** GraphiQL itself has no heading and no landmark. */
const BODY = '<main><h1 class="tollgate-heading">Tollgate: GraphiQL</h1><div id="root"></div></main>'

interface Page {
  readonly html: Buffer
  readonly zipped: Buffer
  readonly tag: string
  readonly policy: string
}

export function graphiqlPage(developmentKey: string | undefined) {
  // Rendered when it is first asked for: the page has nine megabytes, and most processes are never asked.
  let rendered: Promise<Page> | undefined

  return {
    wants({ method, headers }: IncomingMessage): boolean {
      return (method === 'GET' || method === 'HEAD') && String(headers.accept ?? '').includes('text/html')
    },

    async send(request: IncomingMessage, response: ServerResponse): Promise<void> {
      rendered ??= render(developmentKey)
      const page = await rendered
      response.setHeader('content-security-policy', page.policy)
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.setHeader('cache-control', 'private, no-cache')
      response.setHeader('vary', 'accept, accept-encoding')
      response.setHeader('etag', page.tag)
      if (request.headers['if-none-match'] === page.tag) {
        response.writeHead(304).end()
        return
      }
      const zipped = String(request.headers['accept-encoding'] ?? '').includes('gzip')
      if (zipped) response.setHeader('content-encoding', 'gzip')
      response.writeHead(200).end(zipped ? page.zipped : page.html)
    },
  }
}

async function render(developmentKey: string | undefined): Promise<Page> {
  const headers = JSON.stringify({ authorization: `Bearer ${developmentKey ?? 'sk_test_…'}` }, null, 2)
  const graphiql = renderGraphiQL({
    title: 'Tollgate',
    favicon: 'data:,',
    subscriptionsProtocol: 'WS',
    shouldPersistHeaders: false,
    defaultHeaders: headers,
    headers,
    defaultTabs: exampleTabs(headers),
    // Whoever has to fill the key in should see where.
    defaultEditorToolsVisibility: developmentKey ? 'variables' : 'headers',
  })
  const text = graphiql
    .replace('</head>', () => HEAD)
    .replace('<div id="root"></div>', () => BODY)
    .replace('<script>', () => `<script>${SCRIPT}</script>\n<script>`)
  const html = Buffer.from(text)
  const policy = [
    "default-src 'none'",
    `script-src ${scriptsOf(text).map(hashSource).join(' ')}`,
    'worker-src blob:',
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    "connect-src 'self' ws: wss:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  const tag = `"${createHash('sha256').update(html).digest('base64url')}"`
  return { html, zipped: await promisify(gzip)(html), tag, policy }
}

/** The page's two scripts. The second holds a whole editor, in which `</script>` never stands unescaped. */
function scriptsOf(page: string): string[] {
  return [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = '']) => script)
}

/** The page is always the same, so that its scripts can be allowed by what they are. */
function hashSource(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`
}
