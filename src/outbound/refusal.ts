import { DomainError } from '../kernel/errors.ts'
import { AddressRefused } from './errors.ts'
import type { Guard } from './guard.ts'

/** Refuses an address that is never asked, when a user names it. What a name leads to is checked at each request. @throws DomainError INVALID */
export function refuseAddress({ check }: Pick<Guard, 'check'>, url: string | undefined, field: string): void {
  try {
    if (url !== undefined) check(url)
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error
    throw new DomainError({ code: 'INVALID', message: error.message, field: [field] })
  }
}
