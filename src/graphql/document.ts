import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLResolveInfo,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql'

/** How many fields the operation asks of its root type, through fragments too. */
export function countRootFields(info: Pick<GraphQLResolveInfo, 'operation' | 'fragments'>): number {
  const count = (set: SelectionSetNode): number =>
    set.selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FIELD) return sum + 1
      if (selection.kind === Kind.INLINE_FRAGMENT) return sum + count(selection.selectionSet)
      const fragment = info.fragments[selection.name.value]
      return fragment ? sum + count(fragment.selectionSet) : sum
    }, 0)
  return count(info.operation.selectionSet)
}

const SINGLE = new WeakMap<DocumentNode, Map<OperationDefinitionNode, DocumentNode>>()

/**
 * The document with no operation but the one that is run. The compiler keeps one program per document, so that a
 * document with two operations would run the first for both.
 */
export function singleOperation(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const others = (node: DefinitionNode) => node.kind === Kind.OPERATION_DEFINITION && node !== operation
  if (!document.definitions.some(others)) return document
  const known = SINGLE.get(document) ?? new Map<OperationDefinitionNode, DocumentNode>()
  SINGLE.set(document, known)
  let single = known.get(operation)
  if (!single) {
    single = { ...document, definitions: document.definitions.filter((node) => !others(node)) }
    known.set(operation, single)
  }
  return single
}

/** What a document with one operation asks of its root type, each field once; what the schema says of itself is left out. */
export function rootFields(document: DocumentNode): { kind: OperationTypeNode; fields: readonly string[] } {
  const fragments = new Map<string, FragmentDefinitionNode>()
  let operation: OperationDefinitionNode | undefined
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
    if (node.kind === Kind.OPERATION_DEFINITION) operation = node
  }
  const found = new Set<string>()
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) found.add(selection.name.value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet)
      else {
        const fragment = fragments.get(selection.name.value)
        if (fragment) collect(fragment.selectionSet)
      }
    }
  }
  if (operation) collect(operation.selectionSet)
  return {
    kind: operation?.operation ?? OperationTypeNode.QUERY,
    fields: [...found].filter((name) => !name.startsWith('__')),
  }
}

/** Whether a document with one operation only reads. */
export function isQuery(document: DocumentNode): boolean {
  return document.definitions.some((node) => 'operation' in node && node.operation === OperationTypeNode.QUERY)
}
