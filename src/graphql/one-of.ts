import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  GraphQLIncludeDirective,
  type GraphQLInputObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNullableType,
  isInputObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { badInput } from './refusal.ts'

type Variables = Readonly<Record<string, unknown>>

/** A variable that stands for the one field of an input of which exactly one must be given, such as `by`. */
interface Choice {
  readonly field: string
  readonly argument: string
  readonly input: GraphQLInputObjectType
  readonly chosen: string
  readonly variable: string
  /** The field and the fragments that it is in: what is skipped is not looked at. */
  readonly within: readonly SelectionNode[]
}

const CHOICES = new WeakMap<DocumentNode, readonly Choice[]>()

/**
 * What is wrong with the look-ups of an operation whose `by: { id: $id }` has a variable that is null or was not given. The
 * compiler takes that for no id at all, and the interpreter's message says neither which variable it is nor what is wrong.
 */
export function wrongChoice(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Variables,
): GraphQLError | undefined {
  const wrong = choicesIn(schema, document).find(
    ({ variable, within }) => variables[variable] == null && within.every((node) => isIncluded(node, variables)),
  )
  if (!wrong) return undefined
  const { field, argument, input, chosen, variable } = wrong
  const names = Object.keys(input.getFields()).map((name) => `\`${name}\``)
  const rule =
    names.length === 1 ? `${names[0]}, and not as null` : `exactly one of ${names.join(', ')}, and not as null`
  const fault = Object.hasOwn(variables, variable) ? 'is null' : 'was not given'
  const message = `\`${argument}\` of \`${field}\` must have ${rule}: the variable $${variable}, which stands for \`${chosen}\`, ${fault}`
  return badInput(message)
}

/** Look-ups are fields of the root. */
function choicesIn(schema: GraphQLSchema, document: DocumentNode): readonly Choice[] {
  const known = CHOICES.get(document)
  if (known) return known
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
  }
  const choices: Choice[] = []
  const collect = ({ selections }: SelectionSetNode, around: readonly SelectionNode[]): void => {
    for (const node of selections) {
      const within = [...around, node]
      if (node.kind === Kind.FIELD) choices.push(...choicesOf(schema, node, within))
      else if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet, within)
      else {
        const fragment = fragments.get(node.name.value)
        if (fragment) collect(fragment.selectionSet, within)
      }
    }
  }
  for (const node of document.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION && node.operation === 'query') collect(node.selectionSet, [])
  }
  CHOICES.set(document, choices)
  return choices
}

function choicesOf(schema: GraphQLSchema, node: FieldNode, within: readonly SelectionNode[]): Choice[] {
  const field = schema.getQueryType()?.getFields()[node.name.value]
  return (node.arguments ?? []).flatMap(({ name: { value: argument }, value }) => {
    const type = field?.args.find(({ name }) => name === argument)?.type
    const input = type && getNullableType(type)
    if (!isInputObjectType(input) || !input.isOneOf || value.kind !== Kind.OBJECT) return []
    return value.fields.flatMap(({ name, value: chosen }) => {
      if (chosen.kind !== Kind.VARIABLE) return []
      const variable = chosen.name.value
      return [{ field: node.name.value, argument, input, chosen: name.value, variable, within }]
    })
  })
}

function isIncluded(node: SelectionNode, variables: Variables): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false
  )
}
