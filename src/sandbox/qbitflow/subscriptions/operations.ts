import type { Transaction } from '../../store.ts'
import type { Context } from '../context.ts'
import { coin } from '../currencies.ts'
import type { StatusChange } from '../documents.ts'
import { conflict } from '../errors.ts'
import { isFinal } from '../session.ts'
import { transactionHashOf } from '../wallet.ts'
import { type Operation, operationId, operations, type Subscription } from './documents.ts'

export const BROADCAST = 'broadcastOperation'
export const CONFIRM = 'confirmOperation'

type Wanted = Pick<Operation, 'type' | 'uuid' | 'amount' | 'atPeriodEnd'>

export function isOpen({ history }: Pick<Operation, 'history'>): boolean {
  const last = history.at(-1)
  return last !== undefined && !isFinal(last.status)
}

/** The operation, and its way onto the chain. @throws ApiError 409 while one of the same type is under way. */
export async function begin(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  wanted: Wanted,
  at: Date,
): Promise<Operation> {
  const operation = await open(world, subscription, wanted, { status: 'created', at: at.toISOString(), txHash: '' })
  announce(context, world, operation)
  await scheduleStep(context, world, operation, BROADCAST, at, context.settings.broadcastDelayMs)
  return operation
}

/** An operation that failed before it reached the chain. */
export async function fail(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  wanted: Wanted,
  message: string,
  at: Date,
): Promise<Operation> {
  const change = { at: at.toISOString(), txHash: '' }
  const operation = await open(world, subscription, wanted, { ...change, status: 'created' })
  return record(context, world, operation, { ...change, status: 'failed', message })
}

async function open(
  world: Transaction,
  subscription: Subscription,
  wanted: Wanted,
  first: StatusChange,
): Promise<Operation> {
  const id = operationId(wanted)
  const before = await operations.lock(world, id)
  if (before && isOpen(before)) throw conflict(`${wanted.type} is already under way`)
  const operation: Operation = {
    ...wanted,
    subscription: subscription.uuid,
    subscriptionKind: subscription.kind,
    txHash: transactionHashOf(`${id}:${first.at}`, coin(subscription.currencyId).chain),
    history: [first],
  }
  await (before ? operations.replace(world, id, operation) : operations.insert(world, id, operation))
  return operation
}

/** Writes down that the operation moved, and tells whoever follows it. */
export async function record(
  context: Context,
  world: Transaction,
  operation: Operation,
  change: StatusChange,
): Promise<Operation> {
  const moved = { ...operation, history: [...operation.history, change] }
  await operations.replace(world, operationId(operation), moved)
  announce(context, world, operation)
  return moved
}

export async function scheduleStep(
  { tasks }: Context,
  world: Transaction,
  operation: Operation,
  kind: string,
  from: Date,
  delayMs: number,
): Promise<void> {
  const dueAt = new Date(from.getTime() + delayMs)
  await tasks.schedule(world, { kind, subject: operationId(operation), body: {}, dueAt })
}

function announce({ changes }: Context, world: Transaction, { uuid }: Operation): void {
  world.afterCommit(() => changes.announce(uuid))
}
