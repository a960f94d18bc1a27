import { type Attributes, context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'

/** One trace from the request to the webhook. Where no exporter is configured every part of it does nothing. */

const tracer = trace.getTracer('tollgate')

/** Does the work under a span of its own, within the trace that is under way or as the first of a new one. */
export function traced<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
      throw error
    } finally {
      span.end()
    }
  })
}

/** Does the work under a span where a trace is under way; outside of one nobody would look for it. */
export function tracedWithin<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return trace.getActiveSpan() ? traced(name, attributes, work) : work()
}

/** The trace that is under way, as the W3C header `traceparent`; undefined outside of one. */
export function traceparent(): string | undefined {
  const span = trace.getActiveSpan()
  if (!span) return undefined
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent
}

/** Does the work within the trace that a `traceparent` names; without one, in none. */
export function continueTrace<T>(parent: string | null | undefined, work: () => T): T {
  if (!parent) return work()
  return context.with(propagation.extract(ROOT_CONTEXT, { traceparent: parent }), work)
}
