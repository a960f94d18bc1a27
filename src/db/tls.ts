import type { ConnectionOptions } from 'node:tls'
import { StartError } from '../kernel/start-error.ts'

/** The modes of libpq, by what they hold against somebody between us and the server. */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

export function isSslMode(text: string): text is SslMode {
  return (SSL_MODES as readonly string[]).includes(text)
}

/** How a connection is tried: in TLS, checked as the options say, or without. */
export type Try = ConnectionOptions | false

/** The tries of a mode on one host, in their order: the second only where the server refuses the first. */
export function triesOf(mode: SslMode, host: string, files: ConnectionOptions): Try[] {
  // A unix socket does not leave the machine; PostgreSQL speaks no TLS over it.
  if (mode === 'disable' || host.startsWith('/')) return [false]
  const unchecked = { ...files, rejectUnauthorized: false }
  const authority = { ...files, checkServerIdentity: () => undefined }
  switch (mode) {
    case 'allow':
      return [false, unchecked]
    case 'prefer':
      return [unchecked, false]
    case 'require':
      // With a certificate authority at hand, libpq checks against it.
      return [files.ca ? authority : unchecked]
    case 'verify-ca':
      // An authority that signs for everybody proves nothing while the name is not compared.
      if (!files.ca) throw new StartError('has sslmode=verify-ca, which needs sslrootcert')
      return [authority]
    case 'verify-full':
      return [files]
  }
}
