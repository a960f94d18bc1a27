/**
 * The parameters of an address, each of which may be given once. What is not known is refused: a wrong spelling would
 * otherwise give another answer than the one that was asked for.
 */
export function readParameters<Name extends string>(
  address: string,
  names: readonly Name[],
): { readonly values: Readonly<Partial<Record<Name, string>>>; readonly problems: readonly string[] } {
  const given = [...new URL(address).searchParams]
  const problems = [...new Set(given.map(([name]) => name))].flatMap((name) => {
    if (!(names as readonly string[]).includes(name))
      return [`${shortened(name)} is not a parameter of this address: ${listed(names)}`]
    return given.filter(([other]) => other === name).length > 1 ? [`${name} must be given once`] : []
  })
  return { values: Object.fromEntries(given) as Partial<Record<Name, string>>, problems }
}

const NAME_AT_MOST = 60

function shortened(name: string): string {
  const text = name.toWellFormed()
  return text.length > NAME_AT_MOST ? `${text.slice(0, NAME_AT_MOST)}…` : text || 'An empty name'
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
}
