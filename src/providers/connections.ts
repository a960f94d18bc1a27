import type { Database } from '../db/database.ts'
import { newId } from '../kernel/id.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { type Credentials, openCredentials, sealCredentials } from './credentials.ts'
import { type Connected, capabilitiesOf, type Registry } from './registry.ts'

/** In place of a base URL: the provider's simulator in this process. */
export const SANDBOX = 'sandbox'

/** Opens a tenant's account at a provider's simulator, or finds it; undefined where none is played. */
export type Provision = (provider: ProviderName, tenantId: string, name: string) => Promise<Credentials | undefined>

export interface ConnectionView {
  readonly provider: ProviderName
  readonly capabilities: readonly string[]
  readonly baseUrl: string
  /** Where the provider is to send its notifications. */
  readonly notificationUrl: string
  /** For a simulator: what points the provider's own SDK at it. */
  readonly sandbox?: { readonly url: string; readonly credentials: Credentials }
  health(): Promise<'UP' | 'DOWN'>
}

interface Deps {
  readonly db: Database
  readonly registry: Registry
  readonly secretKey: Uint8Array
  /** Where providers notify us of a connection's things. */
  readonly notifyUrl: (provider: string, connectionId: string) => string
  readonly provision: Provision
}

export function connectionService({ db, registry, secretKey, notifyUrl, provision }: Deps) {
  return {
    async list(tenantId: string): Promise<ConnectionView[]> {
      const rows = await db.prisma.providerConnection.findMany({ where: { tenantId }, orderBy: { provider: 'asc' } })
      return rows.map((row) => {
        const { baseUrl, provider } = registry.connect(row)
        return {
          provider: row.provider,
          capabilities: capabilitiesOf(provider),
          baseUrl,
          notificationUrl: notifyUrl(row.provider, row.id),
          health: () => healthOf(provider),
          ...(row.baseUrl === SANDBOX && {
            sandbox: { url: baseUrl, credentials: openCredentials(secretKey, row.id, row.credentials) },
          }),
        }
      })
    },

    /** Connects every test tenant that is not yet connected with the simulators of these providers. */
    async connectSandboxes(providers: readonly ProviderName[], now: Date): Promise<void> {
      for (const provider of providers) {
        const tenants = await db.prisma.tenant.findMany({
          where: { mode: 'TEST', removedAt: null, connections: { none: { provider } } },
          include: { organization: true },
        })
        for (const { id: tenantId, organization } of tenants) {
          const account = await provision(provider, tenantId, organization.name)
          if (!account) continue
          const id = newId()
          const credentials = sealCredentials(secretKey, id, account)
          const data = { tenantId, id, provider, baseUrl: SANDBOX, credentials, createdAt: now }
          await db.prisma.providerConnection.createMany({ data: [data], skipDuplicates: true })
        }
      }
    },
  }
}

async function healthOf(provider: Connected): Promise<'UP' | 'DOWN'> {
  try {
    await provider.health?.probe()
    return 'UP'
  } catch {
    return 'DOWN'
  }
}
