import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** A file that pages refer to, served under a name that changes with its content, so that browsers may keep it. */
export interface Asset {
  readonly name: string
  readonly type: string
  readonly content: string
}

/** Joins files into one asset of that name. */
export function readAsset(name: string, ...files: readonly URL[]): Asset {
  const extension = extname(name)
  const type = TYPES[extension]
  if (!type) throw new Error(`no type is known for ${name}`)
  const content = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  const version = createHash('sha256').update(content).digest('hex').slice(0, 10)
  return { name: `${basename(name, extension)}.${version}${extension}`, type, content }
}

/** Everything a page may load comes from its own server, and nobody may frame it. */
export function securityHeaders(socketOrigin: string): Readonly<Record<string, string>> {
  const policy = [
    `default-src 'none'`,
    `style-src 'self'`,
    `script-src 'self'`,
    `img-src 'self' data:`,
    `connect-src 'self' ${socketOrigin}`,
    `form-action 'self'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  }
}
