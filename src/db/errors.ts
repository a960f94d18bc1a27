/** Whether a write failed because another row has the same value, by the name of the unique index. */
export function isUniqueViolation(error: unknown, index: string): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, constraint } = error as { code?: string; constraint?: string }
  if (code === '23505') return constraint === index
  if (code !== 'P2002') return false
  return JSON.stringify((error as { meta?: unknown }).meta ?? {}).includes(index)
}
