#!/usr/bin/env node
// The command line: from dist/ where that was built of the source that is here, else from the source itself.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BUILD, fingerprint, ROOT } from './source.mjs'

const source = fingerprint()
const built = existsSync(BUILD) ? JSON.parse(readFileSync(BUILD, 'utf8')).source : undefined

if (built !== undefined && (source === undefined || source === built)) {
  await import(pathToFileURL(join(ROOT, 'dist', 'src', 'main.js')).href).catch(endWithoutPackages)
} else {
  if (source === undefined) end('there is neither src/ nor a build in dist/: copy one of them here')
  if (built !== undefined)
    say('dist/ was built of another source; the source is started. `npm run build` builds it again')
  if (!existsSync(join(ROOT, 'src', 'db', 'generated', 'client.ts'))) {
    end('the database client is not generated: run `npm run prepare`, or `npm run build`')
  }
  const { register } = await import('tsx/esm/api').catch(endWithoutPackages)
  register()
  await import('../src/main.ts')
}

function say(line) {
  process.stderr.write(`tollgate: ${line}\n`)
}

function endWithoutPackages(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  end('packages are missing: run `npm ci`')
}

function end(line) {
  say(line)
  process.exit(1)
}
