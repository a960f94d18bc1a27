import type { Server } from 'node:http'
import { StartError } from '../kernel/start-error.ts'

const REFUSED: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program is listening there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host is known',
}

/** @throws StartError saying why the address cannot be listened on */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = REFUSED[error.code ?? ''] ?? error.message
      reject(
        new StartError(`cannot listen on ${host}:${port}: ${why}; set HOST and PORT to a free address`, {
          cause: error,
        }),
      )
    })
    server.listen({ host, port }, resolve)
  })
}
