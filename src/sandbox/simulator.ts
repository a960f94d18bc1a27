import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../kernel/clock.ts'
import type { Pool } from './store.ts'
import type { Log } from './task-runner.ts'

/** Sends webhooks to the world outside. */
export type Send = (url: string, init: RequestInit) => Promise<Response>

/** What every simulator is made of. */
export interface SimulatorParts {
  /** A `pg` pool on a database that has the simulators' tables. */
  readonly pool: Pool
  /** Root of the credentials of every realm; with another one, other credentials come out. */
  readonly secret: string
  /** Where the server is reached, e.g. `http://localhost:4000/sandbox/<provider>`; its path is the mount point. */
  readonly publicUrl: string
  readonly log: Log
  /** The time of the world outside. */
  readonly clock: Clock
  /** The time of a realm: its test clock. */
  clockOf(realm: string): Promise<Date>
  readonly fetch: Send
}

/** A provider's server, played over its real wire. Each realm, which is a UUID, has one account there. */
export interface Simulator {
  /**
   * Answers a request with a full URL whose path includes the mount point. It rejects as fetch does, with a cause whose
   * code is ECONNRESET, where a fault that was asked for loses the answer.
   */
  fetch(request: Request): Promise<Response>
  /** Whether a request shows valid credentials of this server, or lately valid ones; for counting requests and not for access. */
  knowsCaller(request: Request): Promise<boolean>
  /** Whether it has a WebSocket at this path, which includes the mount point. */
  hasSocket(path: string): boolean
  /** Takes over a connection that asks for that WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Opens the realm's account, or finds it; answers the same credentials every time. */
  provision(realm: string, organizationName?: string): Promise<Readonly<Record<string, string>>>
  /**
   * Does what is due by the realms' clocks (chain steps, webhooks and their retries, expiry); answers how much was done.
   * Any number of processes may call it at once. What is due within seconds also runs by itself, on timers.
   */
  runDue(limit?: number): Promise<number>
  /** Ends sockets and timers and waits for what runs. What was due later is still in the database. */
  close(): Promise<void>
}
