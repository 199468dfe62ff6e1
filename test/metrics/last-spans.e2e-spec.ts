import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { MeteredServer } from './metered-server.js';

/** Exports its spans only when it is asked to, as one that has not collected enough of them. */
const TRACING = `
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
const exporter = new OTLPTraceExporter();
const processor = new BatchSpanProcessor({ exporter, scheduledDelayMillis: 3_600_000 });
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }));
`;

let sources: CompiledSources;
beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

it('the standalone server exports its last spans when it is stopped', async () => {
  let received = '';
  const collector = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => (received += chunk.toString()));
    request.on('end', () => response.setHeader('Content-Type', 'application/json').end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const file = sources.path('tracing.mjs');
  await writeFile(file, TRACING);
  const server = await MeteredServer.start(sources, {
    NODE_OPTIONS: `--import ${file}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  await server.playTurn();
  expect(received).toBe('');
  await server.stop();
  expect(received).toContain('invoke_agent');
  collector.close();
  collector.closeAllConnections();
});
