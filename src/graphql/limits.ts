import { complexityFromQuery } from '@pothos/plugin-complexity'
import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  type ParseOptions,
  parse,
  type Source,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { faultsIn } from '../kernel/json.ts'
import { singleOperation } from './document.ts'
import { wrongChoice } from './one-of.ts'
import { badInput } from './refusal.ts'
import { SHAPE_RULES, tooComplex } from './rules.ts'
import { wrongTimezone } from './timezone-arguments.ts'
import { readVariables } from './variables.ts'

/**
 * What one request may ask for. Over HTTP and over WebSocket alike, because both come through these hooks; limits on
 * bytes are kept where the bytes come in.
 */

/** Above this the recursive parser can run out of stack before it has counted the tokens. */
const MAX_TOKENS = 1_000
/** A page of 100 with some forty fields each, or a page of 50 with a page of 20 in each. */
const MAX_COST = 5_000

export function limits({ introspection }: { introspection: boolean }): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn(parseSafely)
    },
    onValidate({ addValidationRule }) {
      for (const rule of SHAPE_RULES) addValidationRule(rule)
      if (!introspection) addValidationRule(NoSchemaIntrospectionCustomRule)
    },
    onExecute({ args, setResultAndStopExecution }) {
      const errors = refuse(args)
      if (errors) setResultAndStopExecution({ errors })
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const errors = refuse(args)
      if (errors) setResultAndStopExecution({ errors })
    },
  }
}

function parseSafely(source: string | Source, options?: ParseOptions): DocumentNode {
  try {
    return parse(source, { ...options, maxTokens: MAX_TOKENS })
  } catch (error) {
    if (error instanceof RangeError) throw unparsable(new GraphQLError('The document is nested too deeply'))
    throw error instanceof GraphQLError ? unparsable(error) : error
  }
}

function unparsable({ message, source, positions }: GraphQLError): GraphQLError {
  return new GraphQLError(message, { source, positions, extensions: { code: 'GRAPHQL_PARSE_FAILED' } })
}

type Args = Pick<ExecutionArgs, 'schema' | 'document' | 'operationName' | 'variableValues'>

/** Brings an operation into the form in which it is run, or says why it is not. */
function refuse(
  args: Args & { document: DocumentNode; variableValues?: unknown },
): readonly GraphQLError[] | undefined {
  const operation = getOperationAST(args.document, args.operationName)
  if (!operation) return [unresolved()]
  args.document = singleOperation(args.document, operation)
  const given = readVariables(args.schema, operation, args.variableValues)
  if (given.errors) return given.errors
  args.variableValues = given.variables
  const timezone = wrongTimezone(args.document, given.variables)
  if (timezone) return [timezone]
  const choice = wrongChoice(args.schema, args.document, given.variables)
  if (choice) return [choice]
  // What a mutation is given is checked with its input, where a problem can name its field.
  const [fault] = operation.operation === 'mutation' ? [] : faultsIn(given.variables)
  if (fault) return [badInput(`A value of the query ${fault.message}`)]
  const cost = operation.variableDefinitions?.length ? costOf(args, given.variables) : constantCostOf(args)
  return cost > MAX_COST
    ? [tooComplex(`The cost of an operation must be at most ${MAX_COST}; this one costs ${cost}`)]
    : undefined
}

function unresolved(): GraphQLError {
  const message = '`operationName` must name one of the operations of the document'
  return new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })
}

/** What an operation costs when every page in it is full. */
function costOf({ schema, document }: Args, variables: Record<string, unknown>): number {
  return complexityFromQuery(document, { schema, variables }).complexity
}

const CONSTANT = new WeakMap<DocumentNode, number>()

/** Without variables an operation always costs the same. */
function constantCostOf(args: Args): number {
  const cost = CONSTANT.get(args.document) ?? costOf(args, {})
  CONSTANT.set(args.document, cost)
  return cost
}
