import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { TestApp } from '../../support/start-app.js';
import { RecordedSpans } from '../../support/recorded-spans.js';
import { ClaudeApp } from '../claude/claude-app.js';

/** A span in the JSON of OTLP. */
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: Record<string, unknown> }[];
}
interface OtlpTraces {
  resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[];
}

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

/** A collector: it receives spans by OTLP over HTTP. */
class Collector {
  readonly spans: OtlpSpan[] = [];
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as OtlpTraces;
      this.spans.push(
        ...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      );
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe('Traces of the real agent', () => {
  const collector = new Collector();
  let spans: RecordedSpans;
  let app: ClaudeApp;
  beforeAll(async () => {
    spans = new RecordedSpans(new OTLPTraceExporter({ url: await collector.listen() }));
    app = await ClaudeApp.start('express');
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
    await spans.end();
    collector.close();
  });

  it('arrive at a collector, and reach the commands of the agent', async () => {
    const request: TestApp['request'] = (...args) => app.server.request(...args);
    const created = await request(
      'POST',
      '/sessions',
      { permission_mode: 'acceptEdits' },
      { traceparent: TRACEPARENT },
    );
    const id = String(created.body['session_id']);
    const tab = app.attach(id, 0);
    const content = 'bash printenv TRACEPARENT';
    const sent = await request(
      'POST',
      `/sessions/${id}/input`,
      { type: 'user_message', content },
      { traceparent: TRACEPARENT },
    );
    expect(sent.status).toBe(204);
    const correlation_id = await tab.asked();
    await app.server.input(id, { type: 'permission_response', correlation_id, behavior: 'allow' });
    const result = await tab.next('tool_result');
    expect(JSON.stringify(result['output'])).toContain(TRACE_ID);

    await spans.turns(id);
    await spans.provider.forceFlush();
    const turn = collector.spans.find(({ name }) => name === 'invoke_agent');
    expect(turn?.traceId).toBe(TRACE_ID);
    expect(turn?.attributes).toContainEqual({
      key: 'gen_ai.usage.output_tokens',
      value: { intValue: expect.any(Number) },
    });
    expect(turn?.attributes).toContainEqual({
      key: 'gen_ai.response.model',
      value: { stringValue: expect.stringContaining('claude') },
    });
    const tool = collector.spans.find(({ name }) => name === 'execute_tool Bash');
    expect(tool?.parentSpanId).toBe(turn?.spanId);
    expect(JSON.stringify(collector.spans)).not.toContain('printenv');
  });
});
