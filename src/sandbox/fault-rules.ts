import { createHash } from 'node:crypto'
import { z } from 'zod'
import { matchesGlob } from '../kernel/glob.ts'
import type { FieldProblem } from './fields.ts'

/** What goes wrong with a call of the provider's API. */
export const CALL_FAULTS = [
  'LOSE_ANSWER_BEFORE',
  'LOSE_ANSWER_AFTER',
  'DELAY',
  'SERVER_ERROR',
  'RATE_LIMITED',
  'MISSING_ROUTE',
  'MALFORMED_JSON',
  'TRUNCATED_JSON',
] as const

/** What goes wrong with a webhook that the provider sends. */
export const WEBHOOK_FAULTS = ['DUPLICATE_WEBHOOK', 'REORDER_WEBHOOKS', 'WRONG_SIGNATURE'] as const

/** What a customer does otherwise than they should. */
export const PAYMENT_FAULTS = ['UNDERPAY', 'OVERPAY', 'PAY_LATE'] as const

const FAULT_KINDS = [...CALL_FAULTS, ...WEBHOOK_FAULTS, ...PAYMENT_FAULTS] as const

type CallFault = (typeof CALL_FAULTS)[number]
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Where the control routes are, which no provider has. */
export const CONTROL_PATH = '/_sandbox'

/** Every call looks at all the rules of its realm. */
export const MAX_RULES = 100

const MAX_TIMES = 1_000_000
const DEFAULT_DELAY_MS = 1_000
const MAX_DELAY_MS = 60_000
const MAX_RETRY_AFTER_SECONDS = 86_400

/** How a fault is asked for. */
export const FaultInput = z
  .object({
    /** Chosen by whoever asks, so that asking again after a lost answer arms nothing twice. */
    id: z.uuid().optional(),
    kind: z.enum(FAULT_KINDS),
    /** `METHOD /path/pattern` of the calls that it is about, with `*` for anything; absent for any call. */
    operation: z
      .string()
      .max(300)
      .regex(/^(\*|[A-Z]+) \/\S*$/, 'must be like POST /path/*')
      .optional(),
    /** How often it happens; once when neither this nor a probability is given and it is no missing route, otherwise without end. */
    times: z.int().min(1).max(MAX_TIMES).optional(),
    /** Of happening, each time that it may. */
    probability: z.number().gt(0).max(1).optional(),
    /** With the same seed it happens at the same turns. */
    seed: z.string().min(1).max(100).optional(),
    delayMs: z.int().min(1).max(MAX_DELAY_MS).optional(),
    /** Seconds. */
    retryAfter: z.int().min(0).max(MAX_RETRY_AFTER_SECONDS).optional(),
  })
  .superRefine((input, context) => {
    const belongs = (field: keyof typeof input, fits: boolean, complaint: string) => {
      if (input[field] !== undefined && !fits) context.addIssue({ code: 'custom', path: [field], message: complaint })
    }
    belongs('operation', isCallFault(input.kind), 'is for faults of API calls')
    belongs('delayMs', input.kind === 'DELAY', 'is for DELAY')
    belongs('retryAfter', input.kind === 'RATE_LIMITED', 'is for RATE_LIMITED')
    belongs('seed', input.probability !== undefined, 'needs a probability')
  })

export type FaultInput = z.infer<typeof FaultInput>

export interface FaultRule {
  readonly id: string
  readonly kind: FaultKind
  readonly operation?: string
  /** How often it still happens; absent for a rule without end. */
  readonly times?: number
  readonly probability?: number
  readonly seed?: string
  readonly delayMs?: number
  readonly retryAfter?: number
  /** How often it was its turn, whether it happened or not. */
  readonly drawn: number
}

/** The fault that a request asks for, or what is wrong with its fields. Null and '' count as not provided. */
export function readFault(
  body: Readonly<Record<string, unknown>>,
): { fault: FaultInput } | { problems: FieldProblem[] } {
  const provided = Object.entries(body).filter(([, value]) => value !== null && value !== '')
  const parsed = FaultInput.safeParse(Object.fromEntries(provided))
  if (parsed.success) return { fault: parsed.data }
  return { problems: parsed.error.issues.map(({ path, message }) => ({ key: String(path[0]), rule: message })) }
}

/** A rule as a control route shows it. */
export function faultView({ drawn, ...rule }: FaultRule): object {
  return rule
}

export function ruleFrom(
  id: string,
  { kind, operation, times, probability, seed, delayMs, retryAfter }: FaultInput,
): FaultRule {
  return {
    id,
    kind,
    operation,
    times: times ?? (probability === undefined && kind !== 'MISSING_ROUTE' ? 1 : undefined),
    probability,
    seed: probability === undefined ? undefined : (seed ?? id),
    delayMs: kind === 'DELAY' ? (delayMs ?? DEFAULT_DELAY_MS) : undefined,
    retryAfter: kind === 'RATE_LIMITED' ? (retryAfter ?? 1) : undefined,
    drawn: 0,
  }
}

export function isCallFault(kind: FaultKind): kind is CallFault {
  return (CALL_FAULTS as readonly FaultKind[]).includes(kind)
}

/**
 * Whether a rule is about a call like `POST /product`; the path is decoded and has no slash at its end. A rule is about a
 * control call only when it says so, like `POST /_sandbox/refunds/*`.
 */
export function isAbout({ operation }: Pick<FaultRule, 'operation'>, call: string): boolean {
  if (call.includes(` ${CONTROL_PATH}/`) && !operation?.includes(` ${CONTROL_PATH}/`)) return false
  if (operation === undefined) return true
  const isRoot = operation.endsWith(' /')
  return matchesGlob(operation.endsWith('/') && !isRoot ? operation.slice(0, -1) : operation, call)
}

/** Whether the fault happens at a rule's n-th turn, counted from 1. */
export function happensAt({ probability, seed = '' }: Pick<FaultRule, 'probability' | 'seed'>, turn: number): boolean {
  return probability === undefined || numberOf(seed, turn) < probability
}

/** The n-th number of a seed, evenly spread over [0, 1). Each follows from its place alone, so no state is kept. */
export function numberOf(seed: string, turn: number): number {
  const digest = createHash('sha256').update(`${seed}:${turn}`).digest()
  return digest.readUIntBE(0, 6) / 2 ** 48
}
