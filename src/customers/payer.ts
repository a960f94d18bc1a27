import { isUniqueViolation } from '../db/errors.ts'
import { lockedRow } from '../db/lock.ts'
import type { CustomerRow } from '../db/rows.ts'
import { newId } from '../kernel/id.ts'
import { normalText } from '../kernel/input.ts'
import { phoneNumber } from '../kernel/phone.ts'
import { TakenMeanwhile } from '../kernel/unavailable.ts'
import type { FoundCustomer } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { holderOf, type Owner } from './addresses.ts'
import { emitCustomer } from './service.ts'

/** The customer whom a hosted page asked for: found by e-mail among those of the owner, or made. */
export async function customerFromPage(work: Work, owner: Owner, found: FoundCustomer, at: Date): Promise<string> {
  const known = await holderOf(work.tx, owner, found.email)
  if (known) {
    await addFromPage(work, known, found)
    return known.id
  }
  const { tenantId, userId } = owner
  const { name = '', lastName, email, phone } = typed(found)
  const data = { tenantId, id: newId(), name, lastName, email, phone, userId, createdAt: at, updatedAt: at }
  const [made] = await work.tx.customer.createManyAndReturn({ data: [data], skipDuplicates: true })
  if (made) {
    emitCustomer(work.emit, 'customer.created', made)
    return made.id
  }
  // Another checkout that they pay at the same moment was first.
  const first = await holderOf(work.tx, owner, found.email)
  if (!first) throw new Error('the customer could be neither created nor found')
  return first.id
}

/**
 * Adds to a customer what they typed on a hosted page and what is not known of them. What is known stays, and so does an
 * e-mail address with another customer who has it.
 */
export async function addFromPage(work: Work, seen: CustomerRow, found: FoundCustomer): Promise<void> {
  if (isEmpty(newsOf(seen, found))) return
  const { tx, tenantId, at } = work
  const { id } = seen
  const where = { tenantId_id: { tenantId, id } }
  const before = await lockedRow(tx, 'customer', tenantId, id)
  if (!before) return
  const { email, ...others } = newsOf(before, found)
  const isFree = email !== undefined && [undefined, id].includes((await holderOf(tx, before, email))?.id)
  const news = { ...others, ...(isFree && { email }) }
  if (isEmpty(news)) return
  try {
    emitCustomer(work.emit, 'customer.updated', await tx.customer.update({ where, data: { ...news, updatedAt: at } }))
  } catch (error) {
    if (!isUniqueViolation(error, 'customer_email_key')) throw error
    throw new TakenMeanwhile('another customer was given the e-mail address meanwhile', { cause: error })
  }
}

function isEmpty(news: object): boolean {
  return Object.keys(news).length === 0
}

interface Typed {
  readonly name?: string
  readonly lastName?: string
  readonly email?: string
  readonly phone?: string
}

/** What a page says of a customer, as we keep it. Nobody's money is refused for it: what is no phone number is left out. */
function typed({ name, lastName, email, phone }: FoundCustomer, country?: string): Typed {
  const number = phone && phoneNumber(phone, country)
  return {
    ...(oneLine(name) && { name: oneLine(name) }),
    ...(lastName && oneLine(lastName) && { lastName: oneLine(lastName) }),
    ...(email && { email }),
    ...(number && { phone: number }),
  }
}

function oneLine(text: string): string {
  return normalText(text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' '))
}

/** What a page says that is not known. A name is not put together from two people's. */
function newsOf(customer: CustomerRow, found: FoundCustomer): Typed {
  const country = (customer.address as { country?: string } | null)?.country
  const { name, lastName, email, phone } = typed(found, country)
  const isFirst = customer.name === '' || isSame(customer.name, name)
  const isLast = customer.lastName === null || isSame(customer.lastName, lastName)
  return {
    ...(customer.name === '' && isLast && name !== undefined && { name }),
    ...(customer.lastName === null && isFirst && lastName !== undefined && { lastName }),
    ...(customer.email === null && email !== undefined && { email }),
    ...(customer.phone === null && phone !== undefined && { phone }),
  }
}

function isSame(known: string, told: string | undefined): boolean {
  return known.toLowerCase() === told?.toLowerCase()
}
