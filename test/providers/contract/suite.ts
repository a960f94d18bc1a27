import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { checkoutContract } from './checkouts.ts'
import { paymentContract } from './payments.ts'
import type { ContractProvider } from './provider.ts'
import { refundContract } from './refunds.ts'
import { openStage, type Stage } from './stage.ts'
import { stormContract } from './storm.ts'
import { subscriptionContract } from './subscriptions.ts'

/**
 * What every provider promises with whatever goes wrong between it and us: nothing is doubled, nothing is lost, and a
 * lost answer is UNKNOWN until it is known.
 */
export function providerContract(provider: ContractProvider): void {
  describe(`the contract with ${provider.name}`, () => {
    const stageOf = staged(provider)
    checkoutContract(provider, stageOf)
    paymentContract(provider, stageOf)
    subscriptionContract(provider, stageOf)
    refundContract(provider, stageOf)
    test('leaves nothing undone', () => stageOf().expectAllSettled())
  })

  describe(`the contract with ${provider.name} in a storm`, () => {
    const stageOf = staged(provider)
    stormContract(provider, stageOf)
    test('leaves nothing undone', () => stageOf().expectAllSettled())
  })
}

/** A stage of its own for what is described around, calm and empty again after each test. */
function staged(provider: ContractProvider): () => Stage {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage(provider)
  })
  afterEach(async () => {
    await stage.calm()
    await stage.endAll()
  })
  afterAll(() => stage.shop.close())
  return () => stage
}
