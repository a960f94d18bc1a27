import { z } from 'zod'
import type { Database } from '../db/database.ts'
import type { Actor, Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { DomainError, type Problem } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { optional, webUrl } from '../kernel/input.ts'
import { type ProviderName, providerName } from '../kernel/provider-name.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'
import { type Provision, SANDBOX } from './connections.ts'
import { type Credentials, sealCredentials } from './credentials.ts'
import { asDomainError } from './errors.ts'
import type { Registry } from './registry.ts'

const SECRET_LENGTH = 2_000

const ConnectProvider = z.object({
  provider: providerName,
  credentials: z.record(z.string(), z.unknown(), 'must be an object'),
  baseUrl: optional(webUrl),
})

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly registry: Registry
  readonly secretKey: Uint8Array
  /** Whether a request under the call's idempotency key was answered already. */
  readonly isAnswered: (call: Call) => Promise<boolean>
  readonly provision: Provision
}

/** A tenant's own account with a provider. Its credentials go into the row, encrypted, and nowhere else. */
export function connecting(deps: Deps) {
  return bound(deps, { connect: connectProvider })
}

/**
 * Connects the tenant with an account at a provider, in place of the one before; in test mode without an address with the
 * simulator. The provider is asked whether it takes the credentials before they are kept, and what its server lacks.
 * @throws DomainError FORBIDDEN for anybody but the owner, PROVIDER_REFUSED or PROVIDER_UNAVAILABLE
 */
async function connectProvider(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { db, clock, clocks, registry, secretKey, isAnswered } = deps
  const { actor } = call
  if (actor.role !== 'OWNER')
    throw new DomainError({ code: 'FORBIDDEN', message: 'Only a key with the role OWNER is allowed to do this' })
  const { tenantId, organizationId } = actor
  const { provider, baseUrl, credentials } = await wantedBy(deps, actor, input)
  // A repeat is given its answer also when the provider is down.
  const missing = (await isAnswered(call))
    ? []
    : await registry.probe(provider, baseUrl, credentials).catch((error) => {
        throw asDomainError(error)
      })
  const found = { missingCapabilities: [...missing], capabilitiesCheckedAt: clock.now() }
  const now = await clocks.now(tenantId)
  return transactOnce(db, call, now, organizationId, async (work) => {
    const fresh = { tenantId, id: newId(), provider, baseUrl, paymentsSince: now, paymentsReadTo: now, createdAt: now }
    const sealed = (id: string) => sealCredentials(secretKey, id, credentials)
    await work.tx.providerConnection.createMany({
      data: [{ ...fresh, credentials: sealed(fresh.id) }],
      skipDuplicates: true,
    })
    const where = { tenantId_provider: { tenantId, provider } }
    const { id } = await work.tx.providerConnection.findUniqueOrThrow({ where })
    const account = { baseUrl, credentials: sealed(id), paymentsSince: now, paymentsReadTo: now }
    await work.tx.providerConnection.update({ where, data: { ...account, ...found } })
    // Another account knows our things by other names: there they are found or made anew.
    await work.tx.providerLink.deleteMany({ where: { tenantId, provider } })
    const object = { id: encodeId('Organization', organizationId), provider, baseUrl }
    work.emit({ type: 'provider.connected', entityKind: 'Organization', entityId: organizationId, object })
  })
}

/** The address and the credentials that are meant, both checked as far as that can be done here. */
async function wantedBy(deps: Deps, actor: Actor, input: unknown) {
  const { provider, credentials, baseUrl } = validate(ConnectProvider, input)
  const adapter = deps.registry.adapterFor(provider)
  if (actor.mode === 'TEST' && baseUrl === undefined) {
    if (Object.keys(credentials).length === 0) {
      return { provider, baseUrl: SANDBOX, credentials: await sandboxOf(deps, actor, provider) }
    }
    const message = 'the simulator has its own credentials: leave this empty, or give the baseUrl of the provider'
    throw new DomainError({ code: 'INVALID', message, field: ['credentials'] })
  }
  if (actor.mode === 'LIVE' && baseUrl !== undefined && new URL(baseUrl).protocol !== 'https:') {
    throw new DomainError({ code: 'INVALID', message: 'must be an https address in live mode', field: ['baseUrl'] })
  }
  const address = (baseUrl ?? adapter.baseUrl).replace(/\/+$/, '')
  return { provider, baseUrl: address, credentials: secretsIn(credentials, adapter.credentials) }
}

async function sandboxOf(
  { db, provision }: Deps,
  { tenantId, organizationId }: Actor,
  provider: ProviderName,
): Promise<Credentials> {
  const { name } = await db.prisma.organization.findUniqueOrThrow({ where: { id: organizationId } })
  const credentials = await provision(provider, tenantId, name)
  if (credentials) return credentials
  throw new DomainError({ code: 'UNSUPPORTED', message: `${provider} has no simulator`, field: ['provider'] })
}

/** @throws DomainError with every credential that is missing, is no text, or is none of the provider's */
function secretsIn(given: Readonly<Record<string, unknown>>, names: readonly string[]): Credentials {
  const problems: Problem[] = []
  const secrets: Record<string, string> = {}
  for (const name of names) {
    const value = given[name]
    if (typeof value === 'string' && value.trim() !== '' && value.length <= SECRET_LENGTH) secrets[name] = value.trim()
    else problems.push({ code: 'REQUIRED', message: 'is required, as text', field: ['credentials', name] })
  }
  for (const name of Object.keys(given).filter((each) => !names.includes(each))) {
    problems.push({
      code: 'INVALID',
      message: `is not one of ${names.join(', ')}`,
      field: ['credentials', name.slice(0, 60)],
    })
  }
  const [first, ...rest] = problems
  if (first) throw new DomainError(first, ...rest)
  return secrets
}
