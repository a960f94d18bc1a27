import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A page that people read. */
export interface Page {
  /** From the root of the repository, with slashes. */
  readonly path: string
  readonly text: string
}

function page(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') }
}

function pagesBelow(folder: string): Page[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => page(`${folder}/${name.replaceAll('\\', '/')}`))
    .sort((one, other) => one.path.localeCompare(other.path))
}

/** The README, and the manual in docs/. */
export const MANUAL: readonly Page[] = [page('README.md'), ...pagesBelow('docs')]

/** Every page of the repository. */
export const PAGES: readonly Page[] = [
  ...MANUAL,
  ...['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'UPGRADE.md'].map(page),
  ...pagesBelow('examples'),
]

export interface Snippet {
  readonly page: string
  readonly text: string
}

const FENCE = /^(?<indent> *)```(?<language>\w*)\n(?<code>[\s\S]*?)^ *```$/gm

/** What stands between the fences of a language, also in an item of a list. */
export function snippetsIn(pages: readonly Page[], language: string): Snippet[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(FENCE)]
      .filter(({ groups }) => groups?.language === language)
      .map(({ groups }) => ({ page: path, text: (groups?.code ?? '').replaceAll(`\n${groups?.indent}`, '\n') })),
  )
}

/** A page's text without code: neither fences nor indented blocks. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(FENCE, '').replaceAll(/^ {4}curl (?:[^\n]*\\\n)*[^\n]*$/gm, '')
}
