import { openGateway } from '../../src/commands/gateway.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/http/log.ts'

/**
 * A process of its own, started with --expose-gc: a gateway that is sent many different documents, each twice, so that
 * it is compiled as well. Prints the megabytes that are in use after each of the counts in its arguments.
 */

const [databaseUrl = '', dataDir = '', ...counts] = process.argv.slice(2)
const config = readConfig({ PORT: '0', DATABASE_URL: databaseUrl, DATA_DIR: dataDir, LOG_LEVEL: 'silent' }, '/')
const gateway = await openGateway(config, createLog({ level: 'silent', pretty: false }))
const headers = { authorization: `Bearer ${gateway.testKey}`, 'content-type': 'application/json' }

const MANY = Array.from({ length: 12 }, (_, index) => index)
const CUSTOMER = 'id name lastName email phone reference createdAt metadata address { city } providerLinks { provider }'
const DIMENSIONS = ['CURRENCY', 'CUSTOMER', 'DAY', 'MONTH', 'PRODUCT', 'PROVIDER', 'SELLER', 'SOURCE', 'STATUS']

const WISHES: readonly ((n: number) => string)[] = [
  // Small ones, as a client that writes its values into the document sends them.
  (n) => `{ products(first: 2, filter: { search: "tea ${n}" }) { edges { node { id name } } totalCount } }`,
  // Larger ones with names and fragments of their own.
  (
    n,
  ) => `query Page${n} { customers(first: 1) { edges { cursor node { ...${MANY.map((i) => `C${n}_${i}`).join(' ...')} } } } }
    ${MANY.map((i) => `fragment C${n}_${i} on Customer { ${CUSTOMER} }`).join('\n')}`,
  // Those that are refused, by the parser and by the rules.
  (n) => `{ products { edges ${n} { node { id ${'name '.repeat(n % 200)}`,
  (n) => `{ viewer { ${MANY.map((i) => `no${n}_${i}`).join(' ')} } }`,
  // Each order of the dimensions is a statement of its own.
  (n) =>
    `{ paymentStats(groupBy: [${DIMENSIONS.filter((_, i) => (n >> i) & 1).join(', ')}], filter: { createdFrom: "2026-01-01T00:00:00Z" }, timezone: "UTC") { count } }`,
  (n) => `{ paymentStats(groupBy: [${turned(DIMENSIONS, n).join(', ')}]) { count } }`,
]

/** Another order of the same things for each number. */
function turned<Thing>(things: readonly Thing[], n: number): Thing[] {
  const left = [...things]
  const taken: Thing[] = []
  for (let rest = n; left.length > 0; rest = Math.floor(rest / 3)) taken.push(...left.splice(rest % left.length, 1))
  return taken
}

async function ask(query: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${gateway.port}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query }),
  })
  await response.arrayBuffer()
}

let sent = 0
for (const count of counts.map(Number)) {
  for (; sent < count; sent++) {
    const query = WISHES[sent % WISHES.length]?.(sent) ?? ''
    await ask(query)
    await ask(query)
  }
  globalThis.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 200))
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const mb = (bytes: number) => Math.round(bytes / 1024 / 1024)
  console.log(JSON.stringify({ documents: count, heap: mb(heapUsed), external: mb(external), resident: mb(rss) }))
}
await gateway.stop()
