/** Values of an enum as they stand after IN. They are our own words, never a user's. */
export function inList(values: readonly string[]): string {
  return `(${values.map((value) => `'${value}'`).join(', ')})`
}
