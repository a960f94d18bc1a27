import { Kind, type ValueNode } from 'graphql'
import { isExact } from '../kernel/json.ts'

/** JSON that is written in a document. A number that a double would round is read as infinity, which is refused. */
export function jsonLiteral(node: ValueNode, variables: Readonly<Record<string, unknown>> | null | undefined): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return isExact(node.value) ? Number(node.value) : Number.POSITIVE_INFINITY
    case Kind.LIST:
      return node.values.map((value) => jsonLiteral(value, variables))
    case Kind.OBJECT:
      // fromEntries defines properties, so that a key named __proto__ is a key and nothing else.
      return Object.fromEntries(node.fields.map((field) => [field.name.value, jsonLiteral(field.value, variables)]))
    case Kind.VARIABLE:
      return variables?.[node.name.value]
    default:
      return node.value
  }
}
