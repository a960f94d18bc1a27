import { type GraphQLError, type GraphQLSchema, getVariableValues, type OperationDefinitionNode } from 'graphql'
import { jsonLiteral } from './literal.ts'

type Variables = Record<string, unknown>
type Read =
  | { readonly errors: readonly GraphQLError[] }
  | { readonly errors?: undefined; readonly variables: Variables }

const ERRORS_AT_MOST = 10

/**
 * Checks variables by the rules of the specification, of which the compiler knows only a part: it lets an input of
 * the @oneOf kind have two fields, and refuses a variable that is non-null and has a default. What it is given is
 * therefore right already, and complete.
 */
export function readVariables(schema: GraphQLSchema, operation: OperationDefinitionNode, given: unknown): Read {
  const definitions = operation.variableDefinitions ?? []
  if (definitions.length === 0) return { variables: {} }
  const variables = (given ?? {}) as Variables
  const { errors } = getVariableValues(schema, definitions, variables, { maxErrors: ERRORS_AT_MOST })
  if (errors) return { errors }
  const complete: Variables = {}
  for (const { variable, defaultValue } of definitions) {
    const name = variable.name.value
    if (Object.hasOwn(variables, name)) complete[name] = variables[name]
    else if (defaultValue) complete[name] = jsonLiteral(defaultValue, undefined)
  }
  return { variables: complete }
}
