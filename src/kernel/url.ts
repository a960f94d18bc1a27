/**
 * The address; undefined where it is none. `URL.canParse` cannot be asked for this: that of Node 20 denies every address
 * with a letter such as ä or ß once it has been called some thousand times.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
