import { Hono } from 'hono'
import { COINS, currencyView } from '../currencies.ts'

/** Public lists. Live currencies are none of a simulator's. */
export function currencyRoutes(): Hono {
  const app = new Hono({ strict: false })
  app.get('/all-available-currencies', (c) => c.json(COINS.map(currencyView)))
  app.get('/all-main-currencies', (c) => c.json(COINS.filter((coin) => coin.address === '').map(currencyView)))
  return app
}
