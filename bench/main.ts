/** Each benchmark measures one promise of the gateway beside a baseline, and ends with one line of JSON. */
const BENCHES: Readonly<Record<string, { about: string; run: () => Promise<object> }>> = {
  catalog: {
    about: 'a page of 20 products out of 1,000 over HTTP, beside a bare Yoga that sends the same SQL',
    run: async () => (await import('./catalog.ts')).catalog(),
  },
  ledger: {
    about: 'transfers in process and over GraphQL, beside pgbench that calls the same SQL function one by one',
    run: async () => (await import('./ledger.ts')).ledger(),
  },
  mutations: {
    about: 'round trips to the database, statements, CPU and throughput of mutations, also over a slow network',
    run: async () => (await import('./mutations.ts')).mutations(),
  },
  growth: {
    about: 'pages, balances, postings and searches at 1 million rows, beside the same at 10 thousand',
    run: async () => (await import('./growth.ts')).growth(),
  },
}

// Ctrl-C reaches the servers too; the benchmark fails for want of them and leaves everything in order. A second ends it.
process.once('SIGINT', () => {})

const bench = BENCHES[process.argv[2] ?? '']
if (bench) {
  console.log(JSON.stringify(await bench.run()))
} else {
  const lines = Object.entries(BENCHES).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  console.error(`Usage: npm run bench -- <name>\n\n${lines.join('\n')}`)
  process.exitCode = 1
}
