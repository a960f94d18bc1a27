import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MANUAL, PAGES, type Page, proseOf, ROOT } from './manual.ts'

interface Link {
  readonly page: string
  /** From the root of the repository, with slashes. */
  readonly file: string
  readonly anchor: string | undefined
}

/** The links of a page to files of the repository and to its own headings. */
function linksOf(page: Page): Link[] {
  return [...proseOf(page).matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map(([, target = '']) => {
    const [file = '', anchor] = target.split('#')
    const path = file === '' ? page.path : posix.normalize(posix.join(dirname(page.path), file))
    return { page: page.path, file: path, anchor }
  })
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(page: Page): string[] {
  const seen = new Map<string, number>()
  return [...proseOf(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const earlier = seen.get(anchor) ?? 0
    seen.set(anchor, earlier + 1)
    return earlier === 0 ? anchor : `${anchor}-${earlier}`
  })
}

const LINKS = PAGES.flatMap(linksOf)

describe('the README and the manual', () => {
  test('link only to files that exist', () => {
    expect(LINKS.length).toBeGreaterThan(30)
    expect(LINKS.filter(({ file }) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  test('link only to headings that exist', () => {
    const anchors = new Map(PAGES.map((page) => [page.path, anchorsOf(page)]))
    const toHeadings = LINKS.filter(({ anchor }) => anchor !== undefined)
    expect(toHeadings.length).toBeGreaterThan(3)
    expect(toHeadings.filter(({ file, anchor = '' }) => !anchors.get(file)?.includes(anchor))).toEqual([])
  })

  test('can be read whole from the README by following links', () => {
    const reached = new Set(['README.md'])
    for (const file of reached) for (const link of LINKS) if (link.page === file) reached.add(link.file)
    expect(MANUAL.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([])
  })

  test('list every page of the manual in its table of contents', () => {
    const contents = new Set(LINKS.filter(({ page }) => page === 'docs/README.md').map(({ file }) => file))
    const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md') && name !== 'README.md')
    expect(pages.filter((name) => !contents.has(`docs/${name}`))).toEqual([])
    const decisions = new Set(LINKS.filter(({ page }) => page === 'docs/decisions/README.md').map(({ file }) => file))
    const records = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => name !== 'README.md')
    expect(records.filter((name) => !decisions.has(`docs/decisions/${name}`))).toEqual([])
  })

  test('name only files of the source that exist', () => {
    const named = PAGES.flatMap(({ path: page, text }) =>
      [...text.matchAll(/(?<![\w./-])(?:src|test|prisma|scripts|bench|examples|docs)\/[\w./-]*[\w/]/g)].map(
        ([path]) => ({ page, path }),
      ),
    )
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('name only commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const named = PAGES.flatMap(({ path: page, text }) =>
      [...text.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].map(([, command = '']) => ({ page, command })),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter(({ command }) => !Object.hasOwn(scripts, command))).toEqual([])
  })
})

test('the page of settings lists exactly the variables that the gateway reads', () => {
  const config = readFileSync(join(ROOT, 'src/config.ts'), 'utf8')
  const read = [...config.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name = '']) => name)
  const table = readFileSync(join(ROOT, 'docs/settings.md'), 'utf8').match(/^\| `.*$/gm) ?? []
  const listed = table.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  )
  expect(read.length).toBeGreaterThan(10)
  expect(listed.toSorted()).toEqual(read.toSorted())
})
