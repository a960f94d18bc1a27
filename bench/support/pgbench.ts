import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { median, quantile } from './numbers.ts'

/** PostgreSQL's own load generator, which is what a database can do when nothing stands before it. */

export interface Measured {
  readonly transfersPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** How many were posted; none was refused. */
  readonly transfers: number
}

interface Run {
  readonly databaseUrl: string
  /** pgbench's script; each statement in it must fail when it does not do what it should. */
  readonly script: string
  readonly clients: number
  readonly threads: number
  readonly seconds: number
  /** Where its files may lie meanwhile. */
  readonly folder: string
}

const execute = promisify(execFile)

/** @throws when there is no pgbench on this machine */
export function findPgbench(): string {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const places = ['/usr/bin/pgbench', ...versions.map((version) => join(debian, version, 'bin/pgbench'))]
  const found = places.find((place) => existsSync(place))
  if (!found) throw new Error('pgbench is missing: on Debian it comes with `apt-get install postgresql-contrib`')
  return found
}

export async function runPgbench(program: string, run: Run): Promise<Measured> {
  const { databaseUrl, script, clients, threads, seconds, folder } = run
  const file = join(folder, 'transfer.sql')
  const prefix = 'pgbench_log'
  writeFileSync(file, script)
  const { stdout } = await execute(
    program,
    [
      ...['--no-vacuum', '--protocol=prepared', `--client=${clients}`, `--jobs=${threads}`, `--time=${seconds}`],
      ...[`--file=${file}`, '--log', `--log-prefix=${join(folder, prefix)}`, databaseUrl],
    ],
    { cwd: folder },
  )
  const timesMs = readLogs(folder, prefix)
  const transfersPerSecond = Number(/tps = ([\d.]+) \(without initial/.exec(stdout)?.[1])
  const transfers = Number(/transactions actually processed: (\d+)/.exec(stdout)?.[1])
  if (!(transfersPerSecond > 0) || timesMs.length !== transfers) throw new Error(`pgbench said:\n${stdout}`)
  return { transfersPerSecond, p50Ms: median(timesMs), p99Ms: quantile(timesMs, 0.99), transfers }
}

/** A line for each transaction, its third column the microseconds that it took; a file for each thread. */
function readLogs(folder: string, prefix: string): number[] {
  const files = readdirSync(folder).filter((name) => name.startsWith(prefix))
  return files.flatMap((name) => {
    const path = join(folder, name)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    rmSync(path)
    return lines.map((line) => Number(line.split(' ')[2]) / 1_000)
  })
}
