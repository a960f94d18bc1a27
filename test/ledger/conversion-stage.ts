import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type TestApp, testApp } from '../support/app.ts'
import { type Desk, openDesk } from './desk.ts'

/** A desk for conversions, and what they leave on the accounts of the exchange. */

export let house: TestApp
export let desk: Desk

/** Sets the stage for the tests of the file that calls it. */
export function setStage(): void {
  beforeAll(async () => {
    house = await testApp()
  })
  afterAll(() => house.close())
  beforeEach(() => newDesk())
}

/** Begins with books of which nobody has used anything. */
export async function newDesk(): Promise<void> {
  desk = await openDesk(house.app)
}

/** Accounts in these currencies. */
export const open = (...currencies: string[]) => Promise.all(currencies.map((currency) => desk.account({ currency })))
export const minor = async (...accounts: string[]) =>
  Promise.all(accounts.map(async (account) => (await desk.balance(account)).balance))
export const exchanged = async (...currencies: string[]) =>
  Promise.all(currencies.map(async (currency) => (await desk.system(`exchange:${currency}`)).balance))

export const gains = async (currency: string) => {
  const { balance, fraction } = await desk.system(`rounding-gains:${currency}`)
  return { balance, fraction: fraction.toFixed() }
}
