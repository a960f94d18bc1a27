import type { Database } from '../db/database.ts'
import type { ProviderConnectionRow } from '../db/rows.ts'
import { bound } from '../kernel/bound.ts'
import { DomainError } from '../kernel/errors.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import type { Adapter } from './adapter.ts'
import type { Circuits } from './circuit.ts'
import { type Credentials, openCredentials } from './credentials.ts'
import type { Capability, Connection, Provider } from './port/provider.ts'
import { CAPABILITY_NAMES, type CapabilityName } from './port/routes.ts'
import type { Providers } from './providers.ts'

/** A provider as one tenant is connected with it. */
export type Connected = Provider & {
  readonly connectionId: string
  readonly tenantId: string
  /** Whether it is our own simulator that answers. */
  readonly simulated: boolean
  /** What its server was found to lack when it was last asked. */
  readonly missing: readonly CapabilityName[]
  /** When that was; null when it never was. */
  readonly capabilitiesCheckedAt: Date | null
  /** Whether it could not be reached several times in a row, so that it is not called at present. */
  readonly isDown: boolean
}

/** One tenant's account with a provider. */
export interface Account {
  readonly tenantId: string
  readonly provider: ProviderName
}

/** A provider that certainly carries a capability. */
export type Able<C extends Capability> = Connected & { readonly [K in C]-?: NonNullable<Provider[K]> }

/** How a connection's address is reached: over the network, or in process when it names the provider's simulator. */
export type Reach = (
  address: string,
  provider: ProviderName,
) => Pick<Connection, 'baseUrl' | 'fetch' | 'openSocket'> & { readonly simulated: boolean }

export interface Outside {
  readonly providers: Providers
  readonly secretKey: Uint8Array
  readonly circuits: Circuits
  readonly reach: Reach
}

export type Registry = ReturnType<typeof providerRegistry>

/** Those of a new tenant are made at the same moment, in the order of the list of providers. */
const OLDEST_FIRST: { createdAt?: 'asc'; id?: 'asc' }[] = [{ createdAt: 'asc' }, { id: 'asc' }]

interface Parts extends Outside {
  readonly db: Database
}

export function providerRegistry(db: Database, outside: Outside) {
  const parts: Parts = { db, ...outside }
  return {
    ...bound(parts, { connect, adapterFor, probe, connected, all, find, byConnection }),

    /**
     * A connected provider that has a capability: the one asked for, or the first.
     * @throws DomainError UNSUPPORTED
     */
    able: <C extends Capability>(tenantId: string, capability: C, provider?: ProviderName): Promise<Able<C>> =>
      able(parts, tenantId, capability, provider),
  }
}

/** Undefined for a provider that is not spoken. */
function adapterOf({ providers }: Parts, provider: ProviderName): Adapter | undefined {
  return providers[provider]?.adapter
}

/** A tenant's connection as its row has it, and where that leads. */
function connect(parts: Parts, row: ProviderConnectionRow): { baseUrl: string; provider: Connected } {
  const adapter = adapterOf(parts, row.provider)
  if (!adapter) throw new Error(`no adapter speaks ${row.provider}`)
  const credentials = openCredentials(parts.secretKey, row.id, row.credentials)
  const { simulated, ...place } = parts.reach(row.baseUrl, row.provider)
  const { id: connectionId, tenantId, capabilitiesCheckedAt } = row
  const circuit = { provider: row.provider, tenantId, connectionId, baseUrl: place.baseUrl }
  // A simulator is in this process, and whoever ends a fault of it wants the next call to arrive.
  const fetch = simulated ? place.fetch : parts.circuits.guard(circuit, place.fetch)
  const { simulation, ...provider } = adapter.connect({ credentials, ...place, fetch })
  // Another's server is never sent the control calls of a simulator.
  const simulator = simulated && simulation ? { simulation } : {}
  const missing = CAPABILITY_NAMES.filter((name) => row.missingCapabilities.includes(name))
  return {
    baseUrl: place.baseUrl,
    provider: {
      ...{ ...provider, ...simulator, connectionId, tenantId, simulated, missing, capabilitiesCheckedAt },
      isDown: !simulated && parts.circuits.isOpen(circuit),
    },
  }
}

/**
 * Asks a provider something cheap with credentials that are not kept yet, and what its server lacks.
 * @throws ProviderError when it does not answer them
 */
async function probe(
  parts: Parts,
  provider: ProviderName,
  baseUrl: string,
  credentials: Credentials,
): Promise<readonly CapabilityName[]> {
  const { simulated: _, ...place } = parts.reach(baseUrl, provider)
  const asked = adapterOf(parts, provider)?.connect({ credentials, ...place })
  await asked?.health?.probe()
  return (await asked?.routes?.missing(CAPABILITY_NAMES)) ?? []
}

/** The tenant's connection with a provider. */
async function connected(parts: Parts, tenantId: string, provider: ProviderName): Promise<Connected> {
  const where = { tenantId_provider: { tenantId, provider } }
  return connect(parts, await parts.db.prisma.providerConnection.findUniqueOrThrow({ where })).provider
}

/** All of the tenant's, or the one that is named; the oldest connection first. */
async function all(parts: Parts, tenantId: string, provider?: ProviderName): Promise<Connected[]> {
  const where = { tenantId, ...(provider && { provider }) }
  const rows = await parts.db.prisma.providerConnection.findMany({ where, orderBy: OLDEST_FIRST })
  return rows.map((row) => connect(parts, row).provider)
}

/** The tenant's connection with a provider, or null where there is none. */
async function find(parts: Parts, tenantId: string, provider: ProviderName): Promise<Connected | null> {
  const where = { tenantId_provider: { tenantId, provider } }
  const row = await parts.db.prisma.providerConnection.findUnique({ where })
  return row && connect(parts, row).provider
}

/** The connection that a notification's address names, if there is one. */
async function byConnection(parts: Parts, connectionId: string): Promise<Connected | null> {
  const row = await parts.db.prisma.providerConnection.findFirst({ where: { id: connectionId } })
  return row && connect(parts, row).provider
}

async function able<C extends Capability>(
  parts: Parts,
  tenantId: string,
  capability: C,
  provider: ProviderName | undefined,
): Promise<Able<C>> {
  if (provider !== undefined) adapterFor(parts, provider)
  const found = (await all(parts, tenantId, provider)).find((candidate) => candidate[capability])
  if (!found) throw noneAble(capability, provider)
  return found as Able<C>
}

/** @throws DomainError UNSUPPORTED for a provider of the schema that this release has no adapter for */
function adapterFor(parts: Parts, provider: ProviderName): Adapter {
  const adapter = adapterOf(parts, provider)
  if (adapter) return adapter
  const message = `${provider} cannot be used: this release has no adapter for it`
  throw new DomainError({ code: 'UNSUPPORTED', message, field: ['provider'] })
}

/** None that is connected has the capability, or the one that is named has not. */
export function noneAble(capability: Capability, provider: ProviderName | undefined): DomainError {
  const message = provider
    ? `${provider} is not connected (connectProvider connects it) or does not support ${capability}`
    : `no connected provider supports ${capability}; connectProvider connects one`
  return new DomainError({ code: 'UNSUPPORTED', message, field: ['provider'] })
}

/** What can be done through a connection: what its provider offers, without what its own server lacks. */
export function capabilitiesOf({ missing, ...provider }: Connected): CapabilityName[] {
  return CAPABILITY_NAMES.filter((name) => CARRIED[name](provider) && !missing.includes(name))
}

const CARRIED: Readonly<Record<CapabilityName, (provider: Provider) => boolean>> = {
  CHECKOUTS: ({ checkouts }) => checkouts !== undefined,
  SUBSCRIPTIONS: ({ subscriptions }) => subscriptions !== undefined,
  PAY_AS_YOU_GO: ({ subscriptions }) => subscriptions?.reportUsage !== undefined,
  REFUNDS: ({ refunds }) => refunds !== undefined,
  ISSUED_REFUNDS: ({ refunds }) => refunds?.issuing !== undefined,
  STATUS: ({ status }) => status !== undefined,
  PAYMENT_LIST: ({ status }) => status?.received !== undefined,
}
