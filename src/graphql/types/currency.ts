import { atLeast, below, bytewise, contains, equals } from '../../db/condition.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { mutation } from '../mutation.ts'
import { CurrencyRef, RateRef } from '../refs.ts'
import { moment, momentField } from './moment.ts'
import { rateText } from './money.ts'

CurrencyRef.implement({
  description: "A currency of the merchant's own, such as the coins of a game.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: cur_…', resolve: ({ id }) => encodeId('Currency', id) }),
    code: t.expose('code', { type: 'CurrencyCode', description: 'What amounts of it are marked with.' }),
    exponent: t.exposeInt('exponent', { description: 'How many digits after the point its amounts have.' }),
    name: t.exposeString('name', { nullable: true, description: 'What people call it.' }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (currency, args, context) => moment(currency.createdAt, args, context),
    }),
  }),
})

RateRef.implement({
  description:
    'What one unit of a currency was worth in another, from a moment on. Never changed: a new one follows it.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: rate_…', resolve: ({ id }) => encodeId('Rate', id) }),
    from: t.expose('fromCurrency', { type: 'CurrencyCode', description: 'The currency of which one unit is meant.' }),
    to: t.expose('toCurrency', { type: 'CurrencyCode', description: 'The currency in which its worth is told.' }),
    rate: t.field({ type: 'Decimal', description: 'The worth.', resolve: ({ rate }) => rateText(rate) }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was set.',
      resolve: (rate, args, context) => moment(rate.createdAt, args, context),
    }),
  }),
})

const CurrencyFilter = builder.inputType('CurrencyFilter', {
  description: "Which of the merchant's own currencies.",
  fields: (t) => ({
    code: t.field({ type: 'CurrencyCode', description: 'The one of this code.' }),
    search: t.string({ description: 'Text that the code or the name contains, up to 100 characters.' }),
  }),
})

const currencies = list({
  name: 'Currency',
  type: CurrencyRef,
  table: 'currency',
  orders: {
    CREATED_AT: { column: 'id', description: 'When it was made.' },
    CODE: { column: bytewise('code'), description: 'The code.' },
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
  description: 'Which rates.',
  fields: (t) => ({
    from: t.field({ type: 'CurrencyCode', description: 'Of this currency.' }),
    to: t.field({ type: 'CurrencyCode', description: 'In this currency.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Set at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Set before this moment.' }),
  }),
})

const rates = list({
  name: 'Rate',
  type: RateRef,
  table: 'rate',
  orders: { CREATED_AT: { column: 'id', description: 'When it was set.' } },
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
    description: "The merchant's own currencies, newest first. Those that everybody has, such as USD, are not listed.",
    authScopes: { manager: true },
    resolve: (_root, args, context) => currencies.open(context, args),
  }),
  rates: t.field({
    ...rates.field(t),
    description: 'The rates that were set, newest first: the first from one currency to another is the one that holds.',
    authScopes: { manager: true },
    resolve: (_root, args, context) => rates.open(context, args),
  }),
}))

mutation('createCurrency', {
  description: "Makes a currency of the merchant's own. It cannot be changed.",
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    code: t.field({ type: 'CurrencyCode', required: true, description: '2 to 12 capital letters and digits, unique.' }),
    exponent: t.int({ required: true, description: 'How many digits after the point its amounts have: 0 to 24.' }),
    name: t.string({ description: 'What people call it: up to 100 characters.' }),
  }),
  object: { name: 'currency', kind: 'Currency', description: 'The currency.' },
  run: (app, call, input) => app.currencies.create(call, input),
})

mutation('setRate', {
  description:
    'Says what one unit of a currency is worth in another from now on. Charges that were made keep the rate of their moment.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({
    from: t.field({ type: 'CurrencyCode', required: true, description: 'The currency of which one unit is meant.' }),
    to: t.field({ type: 'CurrencyCode', required: true, description: 'The currency in which its worth is told.' }),
    rate: t.field({
      type: 'Decimal',
      required: true,
      description: 'The worth: above zero, with at most 18 digits after the point.',
    }),
  }),
  object: { name: 'rate', kind: 'Rate', description: 'The rate.' },
  run: (app, call, input) => app.currencies.setRate(call, input),
})
