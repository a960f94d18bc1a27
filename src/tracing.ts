import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

export interface Tracing {
  /** Sends what is left, and takes up nothing more. */
  stop(): Promise<void>
}

/** Sends traces to a collector that speaks OTLP over HTTP, at the address with `/v1/traces` after it. */
export function startTracing(endpoint: string): Tracing {
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })
  return traceTo(new BatchSpanProcessor(exporter))
}

/** Hands every span of this process to a processor. */
export function traceTo(processor: SpanProcessor): Tracing {
  const provider = new NodeTracerProvider({ spanProcessors: [processor] })
  provider.register()
  return { stop: () => provider.shutdown() }
}
