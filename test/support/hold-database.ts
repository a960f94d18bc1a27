import { connectDatabase } from '../../src/db/connect.ts'

/** Says where the database is, holds it until it is told to stop, and reports a refusal in one line. */
const [dataDir = '', use] = process.argv.slice(2)
try {
  const database = await connectDatabase({ dataDir, exclusive: use !== 'beside' })
  process.on('SIGTERM', async () => {
    await database.stop()
    process.exit(0)
  })
  console.log(database.url)
} catch (error) {
  console.log(error instanceof Error ? `${error.name}: ${error.message}` : error)
  process.exit(1)
}
