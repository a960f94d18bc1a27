/** `31 January 2027`. */
export function dayText(at: string): string {
  return format(at, { dateStyle: 'long' })
}

/** `31 January 2027 at 09:30 UTC`. */
export function momentText(at: string): string {
  return `${format(at, { dateStyle: 'long', timeStyle: 'short' })} UTC`
}

function format(at: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }).format(new Date(at))
}
