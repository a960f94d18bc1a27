import { isUtf8 } from 'node:buffer'

/** Whether what is percent-encoded in a URL or a form is UTF-8. Other bytes would be read as other text than was sent. */
export function hasUtf8Escapes(text: string): boolean {
  const runs = text.match(/(?:%[0-9a-f]{2})+/gi) ?? []
  return runs.every((run) => isUtf8(Buffer.from(run.replaceAll('%', ''), 'hex')))
}

/** Whether a body is UTF-8, and of a form what is percent-encoded in it too. */
export function isUtf8Body(body: Buffer, contentType: string | null | undefined): boolean {
  if (!isUtf8(body)) return false
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '')
  return !isForm || hasUtf8Escapes(body.toString('latin1'))
}
