import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { program } from './compiled.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const START_PATIENCE_MS = 50_000

export type Variables = Readonly<Record<string, string>>

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `tollgate` with these arguments to its end, in an environment of nothing but these variables. */
export async function tollgate(args: readonly string[], variables: Variables = {}): Promise<Outcome> {
  const started = [await program(), ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, started, { cwd: ROOT, env: environment(variables) }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** The same where nobody reads what it prints. */
export async function unread(args: readonly string[], variables: Variables) {
  const env = environment(variables)
  const child = spawn(process.execPath, [await program(), ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code: code as number | null, stderr }
}

export interface ServingProcess {
  readonly url: string
  /** What it has printed so far. */
  output(): string
  /** Its exit code, once it has ended; null where a signal ended it. */
  readonly exited: Promise<number | null>
  /** Sends the signal, waits for the end, and answers the exit code; null where the signal itself ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
  /** Stops it where it is, with its connections open. */
  freeze(): void
}

/** Starts `tollgate serve` on a free port and waits until it is ready. */
export async function serve(variables: Variables): Promise<ServingProcess> {
  const env = environment({ PORT: '0', ...variables })
  const child = spawn(process.execPath, [await program(), 'serve'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = once(child, 'exit')
  const ready = new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const url = /Graph\S+ +(http\S+)\/graphql\n/.exec(output)?.[1]
      if (url && output.endsWith('\n\n')) resolve(url)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    exited.then(() => reject(new Error(`the gateway ended: ${output}`)))
    setTimeout(() => reject(new Error(`the gateway did not start: ${output}`)), START_PATIENCE_MS).unref()
  })
  return {
    url: await ready.catch((error) => refuse(child, error)),
    output: () => output,
    exited: exited.then(([code]) => code),
    async end(signal) {
      child.kill(signal)
      const [code] = await exited
      return code
    },
    freeze: () => void child.kill('SIGSTOP'),
  }
}

function refuse(child: ChildProcess, error: unknown): never {
  child.kill('SIGKILL')
  throw error
}

function environment(variables: Variables): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env
  return { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...variables }
}
