import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, lchownSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ask, hold, open, postmasterOf, root, setStage } from './embedded-stage.ts'

setStage()

const NOBODY = 65_534

/** The user that the server's process runs as. */
function userOf(dataDir: string): number {
  const [, user] = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${postmasterOf(dataDir)}/status`, 'utf8')) ?? []
  return Number(user)
}

function pathsIn(folder: string): string[] {
  return ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].map((name) => join(folder, name))
}

function ownersIn(folder: string): string[] {
  const owners = pathsIn(folder).map((path) => lstatSync(path, { throwIfNoEntry: false }))
  return [...new Set(owners.flatMap((stat) => (stat ? `${stat.uid}:${stat.gid}` : [])))]
}

async function mayRead(file: string, user: number): Promise<boolean> {
  const child = spawn('/bin/cat', [file], { uid: user, gid: user, cwd: '/', stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  return code === 0
}

describe.runIf(process.getuid?.() === 0)('the private PostgreSQL, started by root,', () => {
  test('runs as a user that nothing else is, and that owns its folder alone', async () => {
    const taken = (file: string) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => Number(line.split(':')[2]))
    const folders = ['own-one', 'own-two'].map((name) => join(root, name))
    const users = await Promise.all(folders.map((dataDir) => open(dataDir).then(() => userOf(dataDir))))
    for (const [place, dataDir] of folders.entries()) {
      const user = users[place] as number
      expect([...taken('/etc/passwd'), ...taken('/etc/group'), 0]).not.toContain(user)
      expect(ownersIn(join(dataDir, 'postgres'))).toEqual([`${user}:${user}`])
      expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
      for (const other of [NOBODY, users[1 - place] as number]) {
        expect(await mayRead(join(dataDir, 'postgres/password'), other)).toBe(false)
      }
    }
    expect(users[0]).not.toBe(users[1])
  })

  test.each([
    ['nobody', NOBODY, []],
    ['root, as a restored backup may', 0, []],
    ['two users, where the change was cut off', NOBODY, ['', 'cluster', 'cluster/PG_VERSION']],
  ])('takes over a folder that belongs to %s', async (name, owner, done) => {
    const dataDir = join(root, `taken-${name}`)
    await open(dataDir).then(async (database) => {
      await ask(database.url, 'create table kept as select 42 as answer')
      await database.stop()
    })
    const own = statSync(join(dataDir, 'postgres/password')).uid
    for (const path of pathsIn(join(dataDir, 'postgres'))) lchownSync(path, owner, owner)
    for (const path of done) chownSync(join(dataDir, 'postgres', path), own, own)
    const said = await Promise.all([hold(dataDir), hold(dataDir, 'beside')])
    expect(await Promise.all(said.map((held) => ask(held.said, 'select answer from kept')))).toEqual([42, 42])
    expect([userOf(dataDir), ownersIn(join(dataDir, 'postgres'))]).toEqual([own, [`${own}:${own}`]])
  })

  test('leaves a folder to its user while that one’s server runs', async () => {
    const dataDir = join(root, 'running')
    const password = join(dataDir, 'postgres/password')
    const first = await hold(dataDir)
    const own = userOf(dataDir)
    chownSync(password, NOBODY, NOBODY)
    const beside = await hold(dataDir, 'beside')
    expect([beside.said, statSync(password).uid]).toEqual([first.said, NOBODY])
    chownSync(password, own, own)
  })
})
