import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeDataFolder } from '../../src/db/data-folder.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-folder-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a data folder is made with the folders above it, and again does nothing', () => {
  const wanted = join(folder, 'one', 'two')
  makeDataFolder(wanted)
  makeDataFolder(wanted)
  expect(statSync(wanted).mode & 0o777).toBe(0o711)
})

test.runIf(existsSync('/proc/self'))('a folder that the system refuses to make fails at once', () => {
  expect(() => makeDataFolder('/proc/tollgate/data')).toThrow(/ENOENT|EACCES|EPERM|EROFS/)
})

test('a file in its place fails', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(() => makeDataFolder(file)).toThrow(/EEXIST/)
  expect(() => makeDataFolder(join(file, 'below'))).toThrow(/ENOTDIR|EEXIST/)
})
