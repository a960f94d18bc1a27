import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import type { App } from '../../../src/app.ts'
import type { Job } from '../../../src/jobs/schedule.ts'
import type { Actor } from '../../../src/kernel/actor.ts'
import type { Connection, Provider } from '../../../src/providers/port/provider.ts'
import { PROVIDERS } from '../../../src/providers/providers.ts'
import { eventually, type TestApp, testApp } from '../../support/app.ts'
import { type TurnableClock, turnableClock } from '../../support/clock.ts'
import { newTenant } from '../../support/tenant.ts'
import { noSocket } from '../../support/wire.ts'
import { calm } from './faults.ts'
import type { ContractProvider } from './provider.ts'
import { CONTRACT_PROVIDERS } from './providers.ts'
import { expectAllSettled, openEnds } from './records.ts'

/** A tenant of its own on the provider's simulator, where things go wrong on demand and time passes by hand. */
export interface Stage {
  readonly provider: ContractProvider
  readonly app: App
  readonly clock: TurnableClock
  readonly owner: Actor
  /** The tenant's account at the simulator. */
  readonly account: Connection
  /** The provider as its adapter speaks with it, past the gateway: what is there, whatever the gateway believes. */
  readonly adapter: Provider
}

const ROUNDS_AT_MOST = 60
const LONGEST_TURN_SECONDS = 600

/**
 * A part of what every provider promises with whatever goes wrong between it and us: nothing is doubled, nothing is lost,
 * and a lost answer is UNKNOWN until it is known. It is described for each provider that can do it, on one gateway, and
 * each test has a tenant of its own.
 * @param ableOf what the provider needs for it; undefined where it cannot
 */
export function contract<Able>(
  part: string,
  ableOf: (provider: ContractProvider) => Able | undefined,
  promises: (able: Able, stageOf: () => Stage, provider: ContractProvider) => void,
): void {
  const clock = turnableClock()
  let house: TestApp
  beforeAll(async () => {
    const rows = Object.fromEntries(CONTRACT_PROVIDERS.map(({ name, row }) => [name, row]))
    house = await testApp({ clock, providers: { ...PROVIDERS, ...rows } })
  })
  afterAll(() => house.close())

  for (const provider of CONTRACT_PROVIDERS) {
    const able = ableOf(provider)
    if (able === undefined) continue
    describe(`${provider.name}: ${part}`, () => {
      const stages: Stage[] = []
      let stage: Stage
      beforeEach(async () => {
        stage = await openStage(provider, house.app, clock)
        stages.push(stage)
      })
      afterEach(() => calm(stage))
      promises(able, () => stage, provider)
      test('leaves nothing undone', async () => {
        await settle(stage)
        for (const each of stages) await expectAllSettled(each)
      })
    })
  }
}

async function openStage(provider: ContractProvider, app: App, clock: TurnableClock): Promise<Stage> {
  const owner = await newTenant(app.db)
  await app.connectSandboxes()
  const account = await accountOf(provider, app, owner.tenantId)
  await provider.prepare?.(account)
  const adapter = provider.row.adapter?.connect(account)
  if (!adapter) throw new Error(`${provider.name} has no adapter`)
  return { provider, app, clock, owner, account, adapter }
}

/** The tenant's account at the simulator, as the provider's own program would reach it. */
async function accountOf({ name }: ContractProvider, app: App, tenantId: string): Promise<Connection> {
  const simulator = app.sandbox.simulators[name.toLowerCase()]
  if (!simulator) throw new Error(`${name} has no simulator`)
  const [view] = (await app.connections.list(tenantId)).filter(({ provider }) => provider === name)
  if (!view?.sandbox) throw new Error(`${name} has no account for the tenant ${tenantId}`)
  const { url: baseUrl, credentials } = view.sandbox
  return {
    baseUrl,
    credentials,
    fetch: (input, init) => simulator.fetch(new Request(input, init)),
    openSocket: noSocket,
  }
}

/** Turns the gateway's clock and does what is due, until that is done: nobody turns a clock while a request is under way. */
export async function work({ app, clock }: Pick<Stage, 'app' | 'clock'>, seconds: number): Promise<void> {
  clock.turn({ seconds })
  for (const { run } of app.schedules) await run()
  const begun: readonly Partial<Job>[] = app.schedules
  await Promise.all(begun.map(({ idle }) => idle?.()))
}

/** Turns the tenant's own clock and does what is due then. */
export async function turn(stage: Stage, seconds: number): Promise<void> {
  const { app, owner } = stage
  const data = { clockAheadMs: { increment: seconds * 1_000 } }
  await app.db.prisma.tenant.update({ where: { id: owner.tenantId }, data })
  await work(stage, 1)
}

/** Lets time pass and due work be done until nothing is in doubt. */
export async function settle(stage: Pick<Stage, 'app' | 'clock'>): Promise<void> {
  for (let round = 1, seconds = 10; ; round++, seconds = Math.min(seconds * 2, LONGEST_TURN_SECONDS)) {
    await work(stage, seconds)
    const ends = await openEnds(stage, LONGEST_TURN_SECONDS)
    if (ends.length === 0) return
    if (round === ROUNDS_AT_MOST) throw new Error(`it does not settle: ${ends.join(', ')}`)
  }
}

/** Waits for what goes on by itself: the provider's notifications and their application. */
export async function quiet(stage: Stage): Promise<void> {
  const busy = /notifications waiting|provider's tasks/
  await eventually(async () => {
    await work(stage, 1)
    return !(await openEnds(stage, LONGEST_TURN_SECONDS)).some((end) => busy.test(end))
  })
}
