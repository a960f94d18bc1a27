import { ERROR_CODES, type ErrorCode, type Problem } from '../kernel/errors.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { builder } from './builder.ts'
import { moment, momentField } from './types/moment.ts'
import { amount, MoneyRef } from './types/money.ts'
import { ProviderEnum } from './types/provider.ts'

/** What was wrong with a mutation, for its caller to act on. */

const MEANING: Readonly<Record<ErrorCode, string>> = {
  REQUIRED: 'The field is required.',
  INVALID: 'The value does not have the format that the message describes.',
  TOO_LONG: 'The value has too many characters or elements.',
  TOO_SHORT: 'The value has too few characters.',
  OUT_OF_RANGE: 'The number or amount is too small or too large.',
  NOT_FOUND: 'No object with this id exists, or the key has no access to it.',
  ALREADY_EXISTS: 'Another object already has this value.',
  LIMIT_REACHED: 'The maximum number of such objects is reached.',
  INVALID_STATE: 'The state of the object does not allow the operation.',
  FORBIDDEN: 'The key is not allowed to perform the operation.',
  CURRENCY_MISMATCH: 'The currencies do not match.',
  TOTALS_MISMATCH: 'The parts do not add up to the total.',
  AMOUNT_TOO_SMALL: 'The amount converts to less than the smallest unit of the destination currency.',
  OVERDRAFT_LIMIT_EXCEEDED: 'The account balance would fall below the overdraft limit.',
  INSUFFICIENT_FUNDS: 'The available balance of the account is too low.',
  RATE_MISSING: 'No exchange rate is set for this pair of currencies.',
  ACCOUNT_FROZEN: 'The account is frozen.',
  IDEMPOTENCY_KEY_REUSED: 'The idempotency key was already used with different input.',
  UNSUPPORTED: 'The provider does not support the operation.',
  PROVIDER_REFUSED: 'The provider refused the request. `retryable` says whether it may accept such a request later.',
  PROVIDER_UNAVAILABLE: 'The provider did not give a usable answer. The request may succeed later.',
  PREFLIGHT_REFUSED: 'A pre-flight hook refused the request.',
  PRECONDITION_FAILED: 'A pre-flight hook did not give a usable answer. The request may succeed later.',
}

const UserErrorCode = builder.enumType('UserErrorCode', {
  description: 'The kind of error. Programs should decide by this code.',
  values: Object.fromEntries(ERROR_CODES.map((code) => [code, { description: MEANING[code] }])) as {
    [Code in ErrorCode]: { description: string }
  },
})

const UserErrorRef = builder.interfaceRef<Problem>('UserError').implement({
  description: 'An error that the caller can correct. All invalid fields of an input are reported at once.',
  resolveType: (problem) => typeOf(problem),
  fields: (t) => ({
    code: t.expose('code', { type: UserErrorCode, description: 'The kind of error.' }),
    message: t.exposeString('message', {
      description: 'A description of the error for people. It names the value and the rule.',
    }),
    field: t.field({
      type: ['String'],
      nullable: true,
      description:
        'The path of the invalid field within the input, e.g. ["item", "price", "amount"]. Null when the error does not concern a single field.',
      resolve: (problem) => (problem.field && problem.field.length > 0 ? [...problem.field] : null),
    }),
  }),
})

builder.objectType(builder.objectRef<Problem>('InputError'), {
  description: 'An error that needs no details beyond its code, message and field.',
  interfaces: [UserErrorRef],
})

builder.objectType(builder.objectRef<Problem>('InsufficientFunds'), {
  description: 'The available balance of the account is lower than the amount.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    available: t.field({
      type: MoneyRef,
      description: 'The available balance of the account.',
      resolve: (problem) => moneyOf(problem, 'available'),
    }),
    accountId: t.id({ description: 'The id of the account.', resolve: (problem) => accountOf(problem) }),
  }),
})

builder.objectType(builder.objectRef<Problem>('OverdraftLimitExceeded'), {
  description:
    'The balance would fall below the overdraft limit of an account: of the account that pays, or of an exchange account that a conversion uses.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    available: t.field({
      type: MoneyRef,
      description: 'The amount that can still be taken from the account.',
      resolve: (problem) => moneyOf(problem, 'available'),
    }),
    accountId: t.id({ description: 'The id of the account.', resolve: (problem) => accountOf(problem) }),
  }),
})

builder.objectType(builder.objectRef<Problem>('AmountTooSmall'), {
  description: 'A charge converts to less than the smallest unit of the destination currency.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    smallest: t.field({
      type: MoneyRef,
      description:
        'The smallest charge that can be converted at the same rate, in the currency of the account that pays.',
      resolve: (problem) => moneyOf(problem, 'smallest'),
    }),
  }),
})

builder.objectType(builder.objectRef<Problem>('AccountFrozen'), {
  description: 'The account is frozen. No money can move into it or out of it until it is unfrozen.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    accountId: t.id({ description: 'The id of the account.', resolve: (problem) => accountOf(problem) }),
  }),
})

builder.objectType(builder.objectRef<Problem>('ReferenceInUse'), {
  description: 'The reference is in use by another checkout, and the organization has set `uniqueReferences`.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    checkoutId: t.id({
      description: 'The id of the checkout that has the reference.',
      resolve: ({ facts }) => String(facts?.checkout),
    }),
  }),
})

builder.objectType(builder.objectRef<Problem>('ProviderRefusal'), {
  description: 'The provider refused the request or did not give a usable answer.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    provider: t.field({
      type: ProviderEnum,
      description: 'The provider that was asked.',
      resolve: (problem) => problem.facts?.provider as ProviderName,
    }),
    providerCode: t.string({
      nullable: true,
      description:
        'The error code that the provider returned, in the format of the provider (provider-specific). Null when it returned none.',
      resolve: (problem) => text(problem.facts?.providerCode),
    }),
    retryable: t.boolean({
      description: 'Whether the same request may succeed later.',
      resolve: (problem) => problem.facts?.retryable === true,
    }),
    retryAt: t.field({
      ...momentField(t),
      nullable: true,
      description:
        'When the gateway calls the provider again after it could not be reached several times in a row; until then requests fail at once with this error. Null when that is not the reason.',
      resolve: ({ facts }, args, context) =>
        typeof facts?.retryAt === 'string' ? moment(new Date(facts.retryAt), args, context) : null,
    }),
  }),
})

builder.objectType(builder.objectRef<Problem>('PreflightRefusal'), {
  description: 'A pre-flight hook refused the request, or gave no usable answer. Nothing was changed.',
  interfaces: [UserErrorRef],
  fields: (t) => ({
    status: t.int({
      description:
        'The HTTP status of the refusal: the status from 400 to 499 that the hook answered with, or 412 when it gave no usable answer.',
      resolve: (problem) => Number(problem.facts?.status),
    }),
    retryable: t.boolean({
      description: 'Whether the same request may succeed later, with the same idempotency key.',
      resolve: (problem) => problem.facts?.retryable === true,
    }),
    endpointId: t.id({
      nullable: true,
      description: 'The id of the webhook endpoint of the hook. Null when it is not known.',
      resolve: (problem) => text(problem.facts?.endpoint),
    }),
  }),
})

/** The typed error of a code, and the fact without which a problem is told by its code alone. */
const TYPED: Readonly<Partial<Record<ErrorCode, { readonly type: string; readonly needs: string }>>> = {
  INSUFFICIENT_FUNDS: { type: 'InsufficientFunds', needs: 'available' },
  OVERDRAFT_LIMIT_EXCEEDED: { type: 'OverdraftLimitExceeded', needs: 'available' },
  AMOUNT_TOO_SMALL: { type: 'AmountTooSmall', needs: 'smallest' },
  ACCOUNT_FROZEN: { type: 'AccountFrozen', needs: 'account' },
  ALREADY_EXISTS: { type: 'ReferenceInUse', needs: 'checkout' },
  PROVIDER_REFUSED: { type: 'ProviderRefusal', needs: 'provider' },
  PROVIDER_UNAVAILABLE: { type: 'ProviderRefusal', needs: 'provider' },
  PREFLIGHT_REFUSED: { type: 'PreflightRefusal', needs: 'status' },
  PRECONDITION_FAILED: { type: 'PreflightRefusal', needs: 'status' },
}

function typeOf({ code, facts }: Problem): string {
  const typed = TYPED[code]
  return typed && facts?.[typed.needs] ? typed.type : 'InputError'
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
