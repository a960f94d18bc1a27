import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/**
 * What is in src/ fits on a screen: no function has more than 60 lines, no file more than 300, and half of the files
 * have fewer than 90. A function counts from its first word to its closing brace, with the functions inside it.
 *
 * The one exception is a list of the fields of a GraphQL type: an arrow function that is the value of `fields` and
 * answers an object literal. It may be as long as the type has fields; the functions inside it are counted like all others.
 */
const FUNCTION_LINES = 60
const FILE_LINES = 300
const MEDIAN_LINES = 90

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((path) => /\.(ts|js)$/.test(path) && !path.startsWith('src/db/generated/'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  .map((file) => ({ ...file, lines: file.text.trimEnd().split('\n').length }))

function longFunctions({ path, text }) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line
  const found = []
  function visit(node) {
    const first = lineOf(node.getStart())
    const lines = lineOf(node.end) - first + 1
    if (ts.isFunctionLike(node) && node.body && lines > FUNCTION_LINES && !isFieldList(node)) {
      found.push(`${path}:${first + 1}: ${nameOf(node)} has ${lines} lines; a function has at most ${FUNCTION_LINES}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isFieldList(node) {
  return (
    ts.isArrowFunction(node) &&
    ts.isPropertyAssignment(node.parent) &&
    node.parent.name.getText() === 'fields' &&
    ts.isParenthesizedExpression(node.body) &&
    ts.isObjectLiteralExpression(node.body.expression)
  )
}

function nameOf(node) {
  if (ts.isConstructorDeclaration(node)) return 'the constructor'
  return (node.name ?? node.parent.name)?.getText() ?? 'a function without a name'
}

function longFiles() {
  return files
    .filter(({ lines }) => lines > FILE_LINES)
    .map(({ path, lines }) => `${path}: has ${lines} lines; a file has at most ${FILE_LINES}`)
}

function longMedian() {
  const lengths = files.map(({ lines }) => lines).sort((a, b) => a - b)
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0
  return median < MEDIAN_LINES
    ? []
    : [`src/: half of the files have ${median} lines or more, not under ${MEDIAN_LINES}`]
}

const found = [...files.flatMap(longFunctions), ...longFiles(), ...longMedian()]
if (found.length > 0) {
  console.error(found.join('\n'))
  process.exitCode = 1
}
