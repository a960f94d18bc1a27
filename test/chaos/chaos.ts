import { setTimeout as sleep } from 'node:timers/promises'
import { eventCursor } from '../../src/events/cursor.ts'
import { apiOf } from '../support/api.ts'
import { look } from '../support/look.ts'
import { openReceiver } from '../support/receiver.ts'
import { clientOf, type Figures } from './client.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { follow } from './live.ts'
import { openAccounts, startLoad } from './load.ts'
import { type Random, randomFrom } from './random.ts'
import { reckon } from './reckoning.ts'

/**
 * Two gateways on one PostgreSQL under mixed load, while the database restarts, connections are ended and nodes are
 * killed. Afterwards everything that was acknowledged has to be there, once.
 */

export interface Wanted {
  readonly seconds: number
  readonly seed: number
  readonly databaseRestarts: number
  readonly nodeKills: number
  readonly log: (line: string) => void
}

export interface Report extends Figures {
  readonly seed: number
  readonly databaseRestarts: number
  readonly nodeKills: number
  readonly connectionsTerminated: number
  readonly startsBroken: number
  readonly webhooksReceived: number
  readonly webhookDuplicates: number
  readonly subscriptionsResumed: number
  readonly events: number
  readonly settledAfterMs: number
  /** What must not have happened; empty when all is well. */
  readonly failures: readonly string[]
}

const FOLLOWERS = 3
/** A payment of which no notification arrived is found by asking the provider, a minute after the opening. */
const SETTLE_WITHIN_MS = 120_000
const CREATE_ENDPOINT = `mutation ($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) { webhookEndpoint { id } userErrors { code message } } }`

export async function runChaos(wanted: Wanted): Promise<Report> {
  const { seed, log } = wanted
  const random = randomFrom(seed)
  log(`seed ${seed}`)
  const receiver = await openReceiver()
  const cluster = await startCluster()
  const { urls, key, databaseUrl } = cluster
  const client = clientOf(urls, key, random)
  try {
    const accounts = await openAccounts(client)
    await client.change(CREATE_ENDPOINT, { url: receiver.url, kind: 'EVENT' })
    const since = await lastEvent(databaseUrl)
    const followers = Array.from({ length: FOLLOWERS }, (_, index) =>
      follow(index % 2 === 0 ? urls : urls.toReversed(), key, eventCursor(since)),
    )
    const load = startLoad(client, random, accounts)
    await makeTrouble(cluster, random, wanted)
    await load.end(SETTLE_WITHIN_MS)
    log('the load has ended')
    const told = { databaseUrl, ledger: load.ledger, heard: receiver.heard, followers, since: since.cursor }
    const { failures, ...found } = await reckon({ ...told, settleWithinMs: SETTLE_WITHIN_MS })
    const proof = await proofFaults(urls, key)
    for (const follower of followers) follower.end()
    return {
      seed,
      ...client.figures,
      databaseRestarts: wanted.databaseRestarts,
      nodeKills: wanted.nodeKills,
      connectionsTerminated: cluster.connectionsTerminated(),
      startsBroken: cluster.startsBroken(),
      webhooksReceived: receiver.heard.length,
      subscriptionsResumed: followers.reduce((sum, { resumed }) => sum + resumed, 0),
      ...found,
      failures: [...cluster.endedByThemselves, ...client.wrong, ...failures, ...proof],
    }
  } finally {
    client.end()
    await cluster.stop()
    await receiver.close()
  }
}

/** Restarts and kills at even distances, with connections ended at random in between, also while a node starts. */
async function makeTrouble(cluster: Cluster, random: Random, wanted: Wanted): Promise<void> {
  const { seconds, databaseRestarts, nodeKills, log } = wanted
  const blows = blowsOf(cluster, databaseRestarts, nodeKills)
  const began = performance.now()
  const until = began + seconds * 1_000
  let struck = 0
  while (performance.now() < until) {
    await sleep(500 + random.below(1_500))
    await cluster.terminateConnections(1 + random.below(4))
    const due = Math.floor(((performance.now() - began) / (seconds * 1_000)) * (blows.length + 1))
    for (; struck < Math.min(due, blows.length); struck++) {
      const blow = blows[struck]
      if (!blow) break
      log(`${Math.round((performance.now() - began) / 1_000)} s: ${blow.name}`)
      await blow.strike()
    }
  }
  await cluster.started()
}

interface Blow {
  readonly name: string
  strike(): Promise<void>
}

/** The database and the nodes in turn. */
function blowsOf(cluster: Cluster, databaseRestarts: number, nodeKills: number): Blow[] {
  const blows: Blow[] = []
  for (let round = 0; round < Math.max(databaseRestarts, nodeKills); round++) {
    const node = round % cluster.urls.length
    if (round < databaseRestarts) blows.push({ name: 'PostgreSQL restarts', strike: cluster.restartDatabase })
    if (round < nodeKills) blows.push({ name: `node ${node + 1} is killed`, strike: () => cluster.killNode(node) })
  }
  return blows
}

/** The last event before the trouble begins. */
async function lastEvent(databaseUrl: string): Promise<{ id: string; cursor: bigint }> {
  const text = `SELECT e.id, e.cursor FROM event e JOIN tenant t ON t.id = e.tenant_id
    WHERE t.mode = 'TEST' ORDER BY e.cursor DESC LIMIT 1`
  const [last] = await look<{ id: string; cursor: string }>(databaseUrl, text)
  if (!last) throw new Error('nothing has happened yet')
  return { id: last.id, cursor: BigInt(last.cursor) }
}

async function proofFaults([url = '']: readonly string[], key: string): Promise<string[]> {
  const query = '{ ledger { proof { balanced breaks { message } } } }'
  const { ledger } = await apiOf(url, key).ask<{ ledger: { proof: { balanced: boolean } } }>(query)
  return ledger.proof.balanced ? [] : [`the books do not balance: ${JSON.stringify(ledger.proof)}`]
}
