import type { Provider } from '../db/generated/enums.ts'
import { ERROR_CODES, type ErrorCode, type Problem } from '../kernel/errors.ts'
import { builder } from './builder.ts'
import { amount, MoneyRef } from './types/money.ts'
import { ProviderEnum } from './types/provider.ts'

/** What was wrong with a mutation, for its caller to act on. */

const MEANING: Readonly<Record<ErrorCode, string>> = {
  REQUIRED: 'The field must be given.',
  INVALID: 'The value is not of the form that the message describes.',
  TOO_LONG: 'The value has too many characters or elements.',
  TOO_SHORT: 'The value has too few characters.',
  OUT_OF_RANGE: 'The number or amount is too small or too large.',
  NOT_FOUND: 'The id names nothing that this key may see.',
  ALREADY_EXISTS: 'Another one has this value already.',
  LIMIT_REACHED: 'There are as many as there may be.',
  INVALID_STATE: 'The object is in a state that does not allow it.',
  FORBIDDEN: 'This key may not do it.',
  CURRENCY_MISMATCH: 'The currencies do not fit together.',
  TOTALS_MISMATCH: 'The parts do not add up to the total.',
  AMOUNT_TOO_SMALL: 'The amount is worth less than the smallest unit of the currency that it is converted to.',
  OVERDRAFT_LIMIT_EXCEEDED: 'The account would go further below zero than its overdraft limit allows.',
  INSUFFICIENT_FUNDS: 'The account has less available than is needed.',
  RATE_MISSING: 'No rate was set from the one currency to the other.',
  ACCOUNT_FROZEN: 'The account is frozen.',
  IDEMPOTENCY_KEY_REUSED: 'The idempotency key was used before with other input.',
  UNSUPPORTED: 'The provider cannot do this.',
  PROVIDER_REFUSED: 'The provider refused, and would refuse again.',
  PROVIDER_UNAVAILABLE: 'The provider gave no usable answer; a later attempt may succeed.',
  PREFLIGHT_REFUSED: 'A pre-flight hook refused, and its answer stands.',
  PRECONDITION_FAILED: 'A pre-flight hook gave no usable answer; a later attempt may succeed.',
}

const UserErrorCode = builder.enumType('UserErrorCode', {
  description: 'What kind of problem it is.',
  values: Object.fromEntries(ERROR_CODES.map((code) => [code, { description: MEANING[code] }])) as {
    [Code in ErrorCode]: { description: string }
  },
})

const UserErrorRef = builder.interfaceRef<Problem>('UserError').implement({
  description: 'Something the caller can put right. All bad fields of an input are reported at once.',
  resolveType: (problem) => typeOf(problem),
  fields: (t) => ({
    code: t.expose('code', { type: UserErrorCode, description: 'What kind of problem it is.' }),
    message: t.exposeString('message', { description: 'The problem in words, for people.' }),
    field: t.field({
      type: ['String'],
      nullable: true,
      description:
        'The path of the bad field in the input, e.g. ["item", "price", "amount"]; null when it is no one field.',
      resolve: (problem) => (problem.field && problem.field.length > 0 ? [...problem.field] : null),
    }),
  }),
})

builder.objectType(builder.objectRef<Problem>('InputError'), {
  description: 'A problem that its code, message and field say everything about.',
  interfaces: [UserErrorRef],
})

builder.objectType(builder.objectRef<Problem>('InsufficientFunds'), {
  description: 'The account has less available than is needed.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    available: t.field({
      type: MoneyRef,
      description: 'What the account has available.',
      resolve: (problem) => moneyOf(problem, 'available'),
    }),
    accountId: t.id({ description: 'The account.', resolve: (problem) => accountOf(problem) }),
  }),
})

builder.objectType(builder.objectRef<Problem>('OverdraftLimitExceeded'), {
  description:
    'An account would go further below zero than its overdraft limit allows: the account that pays, or an account of the exchange that a conversion runs over.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    available: t.field({
      type: MoneyRef,
      description: 'What can still be taken from the account.',
      resolve: (problem) => moneyOf(problem, 'available'),
    }),
    accountId: t.id({ description: 'The account.', resolve: (problem) => accountOf(problem) }),
  }),
})

builder.objectType(builder.objectRef<Problem>('AmountTooSmall'), {
  description: 'A charge is worth less than the smallest unit of the currency that it is converted to.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    smallest: t.field({
      type: MoneyRef,
      description: 'The smallest charge that is not, at the same rate, in the currency of the account that pays.',
      resolve: (problem) => moneyOf(problem, 'smallest'),
    }),
  }),
})

builder.objectType(builder.objectRef<Problem>('AccountFrozen'), {
  description: 'An account is frozen: nothing moves in or out of it until it is unfrozen.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    accountId: t.id({ description: 'The account.', resolve: (problem) => accountOf(problem) }),
  }),
})

builder.objectType(builder.objectRef<Problem>('ProviderRefusal'), {
  description: 'The provider did not do what was asked.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    provider: t.field({
      type: ProviderEnum,
      description: 'Who refused.',
      resolve: (problem) => problem.facts?.provider as Provider,
    }),
    providerCode: t.string({
      nullable: true,
      description: "The provider's own code for its reason (in the provider's words).",
      resolve: (problem) => text(problem.facts?.providerCode),
    }),
    retryable: t.boolean({
      description: 'Whether the same request may succeed later.',
      resolve: (problem) => problem.facts?.retryable === true,
    }),
  }),
})

builder.objectType(builder.objectRef<Problem>('PreflightRefusal'), {
  description: 'A pre-flight hook did not let it pass, and nothing was done.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    status: t.int({
      description: 'As HTTP says it: what the hook refused with, 400 to 499, or 412 when it gave no usable answer.',
      resolve: (problem) => Number(problem.facts?.status),
    }),
    retryable: t.boolean({
      description: 'Whether the same request may succeed later, with the same idempotency key.',
      resolve: (problem) => problem.facts?.retryable === true,
    }),
    endpointId: t.id({
      nullable: true,
      description: 'The webhook endpoint of the hook.',
      resolve: (problem) => text(problem.facts?.endpoint),
    }),
  }),
})

/** A typed error needs its facts; a problem without them is told by its code alone. */
function typeOf({ code, facts }: Problem): string {
  if (code === 'INSUFFICIENT_FUNDS' && facts?.available) return 'InsufficientFunds'
  if (code === 'OVERDRAFT_LIMIT_EXCEEDED' && facts?.available) return 'OverdraftLimitExceeded'
  if (code === 'AMOUNT_TOO_SMALL' && facts?.smallest) return 'AmountTooSmall'
  if (code === 'ACCOUNT_FROZEN' && facts?.account) return 'AccountFrozen'
  if ((code === 'PROVIDER_REFUSED' || code === 'PROVIDER_UNAVAILABLE') && facts?.provider) return 'ProviderRefusal'
  if ((code === 'PREFLIGHT_REFUSED' || code === 'PRECONDITION_FAILED') && facts?.status) return 'PreflightRefusal'
  return 'InputError'
}

function moneyOf({ code, facts }: Problem, name: 'available' | 'smallest') {
  const money = facts?.[name] as { minor: bigint; currency: string } | undefined
  if (!money) throw new Error(`a problem ${code} does not say what is ${name}`)
  return amount(money.minor, money.currency)
}

function accountOf({ facts }: Problem): string {
  return String(facts?.account)
}

function text(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

export { UserErrorRef }
