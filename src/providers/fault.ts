import { z } from 'zod'
import { optional, text } from '../kernel/input.ts'
import { providerName } from '../kernel/provider-name.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'

/** How a fault is asked for. */

const OF_WEBHOOKS: readonly FaultKind[] = ['DUPLICATE_WEBHOOK', 'REORDER_WEBHOOKS', 'WRONG_SIGNATURE']
const OF_PAYMENTS: readonly FaultKind[] = ['UNDERPAY', 'OVERPAY', 'PAY_LATE']

const count = (least: number, most: number) => z.int().min(least).max(most)

export const InjectFault = z
  .object({
    provider: providerName,
    kind: z.enum(FAULT_KINDS),
    operation: optional(text(300).regex(/^(\*|[A-Z]+) \/\S*$/, 'must be like POST /path/*')),
    times: optional(count(1, 1_000_000)),
    probability: optional(z.number().gt(0, 'must be above 0').max(1, 'must be at most 1')),
    seed: optional(text(100)),
    delayMs: optional(count(1, 60_000)),
    retryAfter: optional(count(0, 86_400)),
  })
  .superRefine((input, context) => {
    const belongs = (field: keyof typeof input, fits: boolean, message: string) => {
      if (input[field] !== undefined && !fits) context.addIssue({ code: 'custom', path: [field], message })
    }
    const ofCalls = !OF_WEBHOOKS.includes(input.kind) && !OF_PAYMENTS.includes(input.kind)
    belongs('operation', ofCalls, 'is for faults of API calls')
    belongs('delayMs', input.kind === 'DELAY', 'is for DELAY')
    belongs('retryAfter', input.kind === 'RATE_LIMITED', 'is for RATE_LIMITED')
    belongs('seed', input.probability !== undefined, 'needs a probability')
  })

export const AtProvider = z.object({ provider: providerName })
