import { atLeast, below, bytewise, contains, equals } from '../../db/condition.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { mutation } from '../mutation.ts'
import { CurrencyRef, RateRef } from '../refs.ts'
import { moment, momentField } from './moment.ts'
import { rateText } from './money.ts'

CurrencyRef.implement({
  description: 'A currency that the merchant created, such as a virtual currency of a game.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the currency: cur_…', resolve: ({ id }) => encodeId('Currency', id) }),
    code: t.expose('code', { type: 'CurrencyCode', description: 'The code of the currency, as used in amounts.' }),
    exponent: t.exposeInt('exponent', { description: 'The number of decimal places of the currency.' }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'The display name of the currency. Null when none was given.',
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the currency was created.',
      resolve: (currency, args, context) => moment(currency.createdAt, args, context),
    }),
  }),
})

RateRef.implement({
  description:
    'An exchange rate between two currencies. A rate is never changed: a newer rate replaces it from its creation on.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the rate: rate_…', resolve: ({ id }) => encodeId('Rate', id) }),
    from: t.expose('fromCurrency', { type: 'CurrencyCode', description: 'The currency that is converted.' }),
    to: t.expose('toCurrency', { type: 'CurrencyCode', description: 'The currency that it is converted to.' }),
    rate: t.field({
      type: 'Decimal',
      description: 'The value of one major unit of `from` in major units of `to`.',
      resolve: ({ rate }) => rateText(rate),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the rate was set.',
      resolve: (rate, args, context) => moment(rate.createdAt, args, context),
    }),
  }),
})

const CurrencyFilter = builder.inputType('CurrencyFilter', {
  description: "Conditions on a list of the merchant's currencies. A currency must match all that are given.",
  fields: (t) => ({
    code: t.field({ type: 'CurrencyCode', description: 'The currency with this code.' }),
    search: t.string({
      description: 'Currencies whose code or name contains this text, ignoring case. Up to 100 characters.',
    }),
  }),
})

const currencies = list({
  name: 'Currency',
  type: CurrencyRef,
  table: 'currency',
  orders: {
    CREATED_AT: { column: 'id', description: 'When the currency was created.' },
    CODE: { column: bytewise('code'), description: 'The code of the currency.' },
  },
  filter: {
    type: CurrencyFilter,
    conditions: ({ code, search }) => [
      ...(code ? [equals('code', code)] : []),
      ...(search ? [contains(['code', 'name'], search)] : []),
    ],
  },
})

const RateFilter = builder.inputType('RateFilter', {
  description: 'Conditions on a list of rates. A rate must match all that are given.',
  fields: (t) => ({
    from: t.field({ type: 'CurrencyCode', description: 'Rates from this currency.' }),
    to: t.field({ type: 'CurrencyCode', description: 'Rates to this currency.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Rates set at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Rates set before this moment.' }),
  }),
})

const rates = list({
  name: 'Rate',
  type: RateRef,
  table: 'rate',
  orders: { CREATED_AT: { column: 'id', description: 'When the rate was set.' } },
  filter: {
    type: RateFilter,
    conditions: ({ from, to, createdFrom, createdBefore }) => [
      ...(from ? [equals('from_currency', from)] : []),
      ...(to ? [equals('to_currency', to)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

builder.queryFields((t) => ({
  currencies: t.field({
    ...currencies.field(t),
    description:
      'The currencies that the merchant created, newest first. Built-in currencies such as USD are not listed.',
    authScopes: { manager: true },
    resolve: (_root, args, context) => currencies.open(context, args),
  }),
  rates: t.field({
    ...rates.field(t),
    description: 'The exchange rates, newest first. The first one for a pair of currencies is in effect.',
    authScopes: { manager: true },
    resolve: (_root, args, context) => rates.open(context, args),
  }),
}))

mutation('createCurrency', {
  description: 'Creates a currency. It cannot be changed afterwards.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    code: t.field({
      type: 'CurrencyCode',
      required: true,
      description: 'The code of the currency: 2 to 12 capital letters and digits, unique.',
    }),
    exponent: t.int({ required: true, description: 'The number of decimal places of the currency: 0 to 24.' }),
    name: t.string({ description: 'The display name of the currency: up to 100 characters.' }),
  }),
  object: { name: 'currency', kind: 'Currency', description: 'The currency that was created.' },
  run: (app, call, input) => app.currencies.create(call, input),
})

mutation('setRate', {
  description:
    'Sets the exchange rate between two currencies from this moment on. Existing charges keep the rate at which they were created.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    from: t.field({ type: 'CurrencyCode', required: true, description: 'The currency that is converted.' }),
    to: t.field({ type: 'CurrencyCode', required: true, description: 'The currency that it is converted to.' }),
    rate: t.field({
      type: 'Decimal',
      required: true,
      description:
        'The value of one major unit of `from` in major units of `to`: above zero, with at most 18 decimal places.',
    }),
  }),
  object: { name: 'rate', kind: 'Rate', description: 'The rate that was set.' },
  run: (app, call, input) => app.currencies.setRate(call, input),
})
