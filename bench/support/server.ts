import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const START_PATIENCE_MS = 30_000

/** A server in a process of its own. */
export interface Server {
  readonly url: string
  /** The processor time that it has used so far; NaN where the system does not say. */
  cpuMs(): number
  stop(): Promise<void>
}

interface Launch {
  /** What `node` is told to run, in the project's folder. */
  readonly args: readonly string[]
  /** PORT is added. */
  readonly env: Readonly<Record<string, string>>
  /** Answers 200 once the server takes requests. */
  readonly readyPath: string
}

export async function startServer({ args, env, readyPath }: Launch): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  try {
    await untilReady(child, url + readyPath)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, cpuMs: () => cpuMsOf(child.pid), stop }
}

async function untilReady(child: ChildProcess, address: string): Promise<void> {
  const until = performance.now() + START_PATIENCE_MS
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const answer = await fetch(address).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error(`no answer from ${address}`)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

const MS_PER_TICK = 10

function cpuMsOf(pid: number | undefined): number {
  try {
    // The name of the program, in parentheses, may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK
  } catch {
    return Number.NaN
  }
}
