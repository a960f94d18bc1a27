import { CriticalityLevel, diff } from '@graphql-inspector/core'
import type { GraphQLSchema } from 'graphql'

/** What breaks clients of the one schema in the other and was not declared, each as inspector words it. */
export async function undeclaredBreaks(
  before: GraphQLSchema,
  after: GraphQLSchema,
  declared: readonly string[],
): Promise<string[]> {
  const changes = await diff(before, after)
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
  return breaking.map(({ message }) => message).filter((message) => !declared.includes(message))
}
