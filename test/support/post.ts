import { request } from 'node:http'
import type { OpenGateway } from './gateway.ts'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever its own query asked for
  readonly body: any
}

/** Sends a body of bytes as they are, so that nothing between repairs them. */
export function postTo(
  gateway: Pick<OpenGateway, 'url' | 'key'>,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(gateway.url)
    const authorization = `Bearer ${gateway.key}`
    const sent = request(
      { port, path, method: 'POST', headers: { 'content-type': 'application/json', authorization, ...headers } },
      async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk)
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** What is posted: the path, the body and what else the head says. */
export type Post = [path: string, body: string | Uint8Array, headers?: Record<string, string>]
