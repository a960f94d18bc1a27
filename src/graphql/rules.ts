import {
  type ASTVisitor,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type StringValueNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'
import { isStorable, TEXT_RULE } from '../kernel/json.ts'

/** Validation rules that refuse documents whose shape alone would cost too much. */

const MAX_DEPTH = 12
const MAX_ALIASES = 15
const MAX_DIRECTIVES = 5

/** No field is nested deeper than 12. Introspection has a limit of its own. */
function maxDepthRule(context: ValidationContext): ASTVisitor {
  return refuseAbove(context, MAX_DEPTH, `Fields must be nested at most ${MAX_DEPTH} levels deep`, {
    field: (node, within) => (node.name.value.startsWith('__') ? 0 : 1 + within),
    combine: Math.max,
  })
}

/** No operation has more than 15 aliases. */
function maxAliasesRule(context: ValidationContext): ASTVisitor {
  return refuseAbove(context, MAX_ALIASES, `An operation must have at most ${MAX_ALIASES} aliases`, {
    field: (node, within) => (node.alias ? 1 : 0) + within,
    combine: (a, b) => a + b,
  })
}

/** No document has more than 5 directives. */
function maxDirectivesRule(context: ValidationContext): ASTVisitor {
  let found = 0
  return {
    Directive(node: DirectiveNode) {
      found += 1
      if (found !== MAX_DIRECTIVES + 1) return
      context.reportError(tooComplex(`A document must have at most ${MAX_DIRECTIVES} directives`, node))
    },
  }
}

/** PostgreSQL keeps no text with a NUL in it, so no such text can be found or stored. */
function storableTextRule(context: ValidationContext): ASTVisitor {
  return {
    StringValue(node: StringValueNode) {
      if (isStorable(node.value)) return
      context.reportError(
        new GraphQLError(`Text ${TEXT_RULE}`, { nodes: node, extensions: { code: 'BAD_USER_INPUT' } }),
      )
    },
  }
}

export const SHAPE_RULES: readonly ValidationRule[] = [
  maxDepthRule,
  maxAliasesRule,
  maxDirectivesRule,
  storableTextRule,
]

export function tooComplex(message: string, node?: OperationDefinitionNode | DirectiveNode): GraphQLError {
  return new GraphQLError(message, { ...(node && { nodes: node }), extensions: { code: 'QUERY_TOO_COMPLEX' } })
}

interface Measure {
  /** The size of a field, given that of what is selected within it. */
  readonly field: (node: FieldNode, within: number) => number
  /** The size of two selections side by side. */
  readonly combine: (a: number, b: number) => number
}

/**
 * Measures each operation through its fragments. A fragment is measured once however often it is spread, and one that
 * spreads itself, which another rule refuses, counts as nothing the second time.
 */
function refuseAbove(context: ValidationContext, limit: number, message: string, measure: Measure): ASTVisitor {
  const known = new Map<FragmentDefinitionNode, number>()

  function sizeOf(set: SelectionSetNode | undefined): number {
    return (set?.selections ?? []).reduce((size, node) => {
      if (node.kind === Kind.FIELD) return measure.combine(size, measure.field(node, sizeOf(node.selectionSet)))
      if (node.kind === Kind.INLINE_FRAGMENT) return measure.combine(size, sizeOf(node.selectionSet))
      return measure.combine(size, sizeOfFragment(node.name.value))
    }, 0)
  }

  function sizeOfFragment(name: string): number {
    const fragment = context.getFragment(name)
    if (!fragment) return 0
    const earlier = known.get(fragment)
    if (earlier !== undefined) return earlier
    known.set(fragment, 0)
    const size = sizeOf(fragment.selectionSet)
    known.set(fragment, size)
    return size
  }

  return {
    OperationDefinition(node) {
      if (sizeOf(node.selectionSet) > limit) context.reportError(tooComplex(message, node))
    },
  }
}
