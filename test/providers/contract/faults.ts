import type { Done } from '../../../src/kernel/actor.ts'
import type { FaultKind } from '../../../src/providers/faults.ts'
import { call } from '../../support/app.ts'
import type { Stage } from './stage.ts'

/** What goes wrong with a call. */
export const CALL_FAULTS = [
  'LOSE_ANSWER_BEFORE',
  'LOSE_ANSWER_AFTER',
  'DELAY',
  'SERVER_ERROR',
  'RATE_LIMITED',
  'MALFORMED_JSON',
  'TRUNCATED_JSON',
] as const satisfies readonly FaultKind[]

/** What goes wrong with a notification. */
export const NOTIFICATION_FAULTS = [
  'DUPLICATE_WEBHOOK',
  'REORDER_WEBHOOKS',
  'WRONG_SIGNATURE',
] as const satisfies readonly FaultKind[]

/** What a customer does otherwise than they should. */
export const PAYMENT_FAULTS = ['UNDERPAY', 'OVERPAY', 'PAY_LATE'] as const satisfies readonly FaultKind[]

export type CallFault = (typeof CALL_FAULTS)[number]
export type NotificationFault = (typeof NOTIFICATION_FAULTS)[number]
export type PaymentFault = (typeof PAYMENT_FAULTS)[number]

/** Whether a fault strikes before anything has happened. */
export function isWithoutEffect(fault: CallFault): boolean {
  return fault === 'LOSE_ANSWER_BEFORE' || fault === 'SERVER_ERROR' || fault === 'RATE_LIMITED'
}

/** Whether the caller knows nothing for certain afterwards. */
export function leavesDoubt(fault: CallFault): boolean {
  return fault !== 'DELAY'
}

/** What the caller is told of a call that met a fault. */
export function toldOf(fault: CallFault): unknown[] {
  return leavesDoubt(fault) ? DOUBT : []
}

export const DOUBT = [['PROVIDER_UNAVAILABLE', true]]

export function problemsOf({ problems = [] }: Pick<Done, 'problems'>): unknown[] {
  return problems.map(({ code, facts }) => [code, facts?.retryable])
}

const DELAY_MS = 10

/** Has this go wrong at the simulator, once where nothing else is said. */
export async function arm({ app, owner, provider }: Stage, kind: FaultKind, operation?: string, more?: object) {
  const wanted = { provider: provider.name, kind, operation, ...(kind === 'DELAY' && { delayMs: DELAY_MS }), ...more }
  await app.faults.inject(call(owner), wanted)
}

/** Has each of these go wrong once with a call. */
export async function armAll(stage: Stage, operation: string): Promise<void> {
  for (const fault of stage.provider.faults.calls) await arm(stage, fault, operation)
}

/** How many faults may still strike. */
export async function armed({ app, owner, provider }: Stage): Promise<number> {
  return (await app.faults.list(owner, provider.name)).length
}

/** Nothing goes wrong from here on. */
export async function calm({ app, owner, provider }: Stage): Promise<void> {
  await app.faults.clear(call(owner), { provider: provider.name })
}
