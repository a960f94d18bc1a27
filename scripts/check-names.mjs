import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * A provider's name stands in its adapter, in its simulator, in the list of providers and in GraphiQL's tabs. Anything
 * else in src/ that names one would have to be changed for the next.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LIST = 'src/providers/providers.ts'
const NAMES = namesIn(LIST)
const NAME = new RegExp(NAMES.join('|'), 'i')
const FOLDERS = new RegExp(`^src/(providers|sandbox)/(${NAMES.join('|')})/|^src/db/generated/`, 'i')
const FILES = [LIST, 'src/graphql/graphiql-tabs.ts']

/** The rows of the list of providers. */
function namesIn(list) {
  const [, rows] =
    /^export const PROVIDERS: Providers = \{\n([\s\S]*?)^\}/m.exec(readFileSync(`${ROOT}/${list}`, 'utf8')) ?? []
  const names = Array.from(rows?.matchAll(/^ {2}([A-Z]\w*): /gm) ?? [], ([, name]) => name)
  if (names.length === 0) throw new Error(`${list} has no list of providers`)
  return names
}

function namings(path) {
  if (NAME.test(path)) return [`${path}: the file is called after a provider`]
  const lines = readFileSync(`${ROOT}/${path}`, 'utf8').split('\n')
  return lines.flatMap((line, index) => (NAME.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []))
}

const paths = readdirSync(`${ROOT}/src`, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(ROOT.length).replaceAll('\\', '/').replace(/^\/+/, ''))
const found = paths.filter((path) => !FOLDERS.test(path) && !FILES.includes(path)).flatMap(namings)
if (found.length > 0) {
  console.error(`A provider is named outside its two folders and the list of providers:\n${found.join('\n')}`)
  process.exitCode = 1
}
