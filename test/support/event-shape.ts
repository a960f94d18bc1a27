import type { Field, Kind, Shape } from '../../src/events/shape.ts'

/** What is wrong with an object of an event as webhooks send it, held against its description: one line for each fault. */
export function faultsIn(shape: Shape, object: unknown, path = shape.name): string[] {
  if (!isObject(object)) return [`${path} is no object`]
  const unknown = Object.keys(object).filter((name) => !Object.hasOwn(shape.fields, name))
  const faults = Object.entries(shape.fields).flatMap(([name, field]) =>
    faultsOf(field, object[name], `${path}.${name}`),
  )
  return [...unknown.map((name) => `${path}.${name} is not described`), ...faults]
}

function faultsOf({ kind, nullable, optional }: Field, value: unknown, path: string): string[] {
  if (value === undefined) return optional ? [] : [`${path} is missing`]
  if (value === null) return nullable ? [] : [`${path} is null`]
  if (typeof kind === 'object' && 'list' in kind) {
    if (!Array.isArray(value)) return [`${path} is no list`]
    return value.flatMap((each, index) => faultsIn(kind.list, each, `${path}[${index}]`))
  }
  return fits(kind, value) ? [] : [`${path} is ${JSON.stringify(value)}`]
}

const TEXTS: Readonly<Partial<Record<Extract<Kind, string>, RegExp>>> = {
  id: /^[a-z]+_[0-9a-z]{26}$/,
  text: /^/,
  moment: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  minor: /^-?\d+$/,
  decimal: /^-?\d+(\.\d+)?$/,
  currency: /^[A-Z0-9]+$/,
}

function fits(kind: Exclude<Kind, { readonly list: Shape }>, value: unknown): boolean {
  if (typeof kind === 'object') return typeof value === 'string' && /^[A-Z_]+$/.test(value)
  if (kind === 'integer') return Number.isInteger(value)
  if (kind === 'boolean') return typeof value === 'boolean'
  if (kind === 'json') return isObject(value)
  if (kind === 'texts') return Array.isArray(value) && value.every((each) => typeof each === 'string')
  if (kind === 'money') return isObject(value) && fits('minor', value.minor) && fits('currency', value.currency)
  if (kind === 'duration') return isObject(value) && Number.isInteger(value.value) && typeof value.unit === 'string'
  return typeof value === 'string' && (TEXTS[kind]?.test(value) ?? false)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
