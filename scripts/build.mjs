// Makes plain JavaScript of the source, in dist/. A gateway that starts from it needs neither a compiler nor a folder
// for temporary files, and starts faster. dist/build.json is written last, so that half a build is never started.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { BUILD, filesIn, fingerprint, ROOT } from './source.mjs'

const require = createRequire(import.meta.url)
const dist = dirname(BUILD)
const made = fingerprint()

run('prisma', 'build/index.js', 'generate')
rmSync(dist, { recursive: true, force: true })
run('typescript', 'bin/tsc', '-p', 'tsconfig.build.json')
for (const path of filesIn(join(ROOT, 'src'))) {
  if (extname(path) !== '.ts') cpSync(join(ROOT, 'src', path), join(dist, 'src', path))
}
cpSync(join(ROOT, 'prisma', 'migrations'), join(dist, 'prisma', 'migrations'), { recursive: true })
writeFileSync(BUILD, `${JSON.stringify({ source: made })}\n`)
console.log(`${dist} is built; npm start runs it`)

/** Runs a program of a package that is installed. */
function run(name, program, ...args) {
  const file = join(dirname(require.resolve(`${name}/package.json`)), program)
  execFileSync(process.execPath, [file, ...args], { cwd: ROOT, stdio: 'inherit' })
}
