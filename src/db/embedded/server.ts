import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fchownSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './binaries.ts'
import { type Home, isAlive } from './home.ts'
import { processOptions } from './owner.ts'

export interface RunningServer {
  readonly pid: number
  readonly port: number
}

/** A start that was asked for; it may still fail, above all because another process was faster. */
export interface Launch {
  /** Why the server ended, once it has. */
  failure(): string | undefined
}

export type Settings = Readonly<Record<string, string>>

const SETTINGS: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  max_wal_size: '512MB',
  fsync: 'on',
  synchronous_commit: 'on',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A refused statement is the caller's news, and its text may hold what no log should.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
}

const LOG_LIMIT_BYTES = 1_000_000

/** The server that runs on this home, whoever started it, also while it starts or stops. */
export function findServer(home: Home): RunningServer | undefined {
  const file = join(home.cluster, 'postmaster.pid')
  const text = readIfThere(file)
  const [pid = 0, , , port = 0] = text.split('\n').map(Number)
  if (!pid || !port || !isAlive(pid)) return undefined
  if (isServerOf(home, pid)) return { pid, port }
  setAside(file, text)
  return undefined
}

/** The process id may meanwhile belong to another program, or to a dead process that nobody has buried. */
function isServerOf(home: Home, pid: number): boolean {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(home.cluster)
    if (process.platform === 'win32') return true
    return execFileSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }).includes(home.cluster)
  } catch {
    return false
  }
}

/** PostgreSQL would take the process that reuses the id for its own. Another start may just have written a new file. */
function setAside(file: string, stale: string): void {
  const aside = `${file}.${randomBytes(4).toString('hex')}`
  try {
    renameSync(file, aside)
    if (readFileSync(aside, 'utf8') === stale) rmSync(aside)
    else renameSync(aside, file)
  } catch {
    // Another process set it aside.
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** Starts the server in a session of its own, so that it outlives a crash of ours and the terminal's interrupt. */
export function launch(home: Home, binaries: Binaries, port: number, settings: Settings): Launch {
  const tooLong = existsSync(home.log) && statSync(home.log).size > LOG_LIMIT_BYTES
  const log = openSync(home.log, tooLong ? 'w' : 'a', 0o600)
  if (home.owner) fchownSync(log, home.owner.uid, home.owner.gid)
  const start = statSync(home.log).size
  const options = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let failure: (() => string) | undefined
  const child = spawn(binaries.postgres, ['-D', home.cluster, '-p', String(port), ...options], {
    ...processOptions(home.owner),
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  child.on('error', (error) => {
    failure = () => error.message
  })
  child.on('exit', () => {
    failure ??= () => reasonIn(readFileSync(home.log).subarray(start).toString())
  })
  child.unref()
  writeFileSync(home.port, String(port))
  if (home.owner) chownSync(home.port, home.owner.uid, home.owner.gid)
  return { failure: () => failure?.() }
}

function reasonIn(log: string): string {
  const lines = log.trim().split('\n')
  return lines.find((line) => /(FATAL|PANIC):/.test(line)) ?? lines.at(-1) ?? ''
}

/** What PostgreSQL says when another program listens on the port. */
export const PORT_TAKEN = 'TCP/IP sockets'

/** Whether another start may do better: the port was taken, or a server was just ending or starting. */
export function isPassing(failure: string): boolean {
  return [PORT_TAKEN, 'postmaster.pid', 'shared memory block'].some((words) => failure.includes(words))
}

/** The port that the server had last. */
export function lastPort(home: Home): number | undefined {
  return Number(readIfThere(home.port)) || undefined
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((listening, failed) => {
    probe.once('error', failed).listen(0, '127.0.0.1', listening)
  })
  const address = probe.address()
  await new Promise((closed) => probe.close(closed))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

/** Ends the server at once but cleanly: open transactions are rolled back, everything committed is on disk. */
export async function shutDown(home: Home): Promise<void> {
  const server = findServer(home)
  if (!server) return
  process.kill(server.pid, 'SIGINT')
  while (findServer(home)?.pid === server.pid) await sleep(10)
}
