import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One content block of the model's response. Text is streamed in the given chunks. */
export type ReplyBlock =
  | { text: string | string[] }
  | { thinking: string[] }
  | { tool: string; input: Record<string, unknown>; id?: string };

export interface Reply {
  blocks: ReplyBlock[];
  /** Awaited before the end of the last block, so that a test can hold a turn open. */
  hold?: Promise<void>;
  /** Closes the connection instead of ending the last block. */
  breaks?: boolean;
  /** Refuses to answer, for this reason. */
  refusal?: string;
  /** Responds with this HTTP status and no stream, like an overloaded API. */
  status?: number;
}

/** A request of the agent: its last user text, and the tool results after it. */
export interface ModelRequest {
  text: string;
  toolResults: { tool_use_id: string; content: unknown; is_error?: boolean }[];
  model: string;
  messages: { role: string; content: unknown }[];
  tools: string[];
  /** The system prompt, as JSON. */
  system: string;
  /** Its fields `thinking` and `output_config`. */
  thinking?: unknown;
  outputConfig?: unknown;
}

export type Model = (request: ModelRequest) => Reply;

export interface FakeMessagesApi {
  url: string;
  requests: ModelRequest[];
  close(): Promise<void>;
}

let count = 0;

/** A Messages API on loopback that responds to POST /v1/messages with the stream events of the real one. */
export async function startFakeMessagesApi(model: Model): Promise<FakeMessagesApi> {
  const requests: ModelRequest[] = [];
  const server = createServer((req, res) => {
    void answer(req, res, model, requests).catch((error: unknown) => {
      res.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  model: Model,
  requests: ModelRequest[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  if (req.method !== 'POST' || !req.url?.startsWith('/v1/messages')) {
    res.writeHead(404, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
  if (req.url.startsWith('/v1/messages/count_tokens')) {
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":10}');
    return;
  }
  const request = readRequest(body);
  requests.push(request);
  const reply = model(request);
  if (reply.status !== undefined) {
    res
      .writeHead(reply.status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ type: 'error', error: { type: 'api_error', message: 'refused' } }));
    return;
  }
  if (body['stream'] === true) return stream(res, request.model, reply);
  // Before it changes the model, the agent tests the new one with a short message.
  const content = [{ type: 'text', text: 'Hi' }];
  res
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify(createMessage(request.model, { content, stop_reason: 'end_turn' })));
}

function createMessage(model: string, fields: Record<string, unknown>): Record<string, unknown> {
  count += 1;
  return {
    id: `msg_${String(count).padStart(8, '0')}`,
    type: 'message',
    role: 'assistant',
    model,
    stop_sequence: null,
    usage: { input_tokens: 1000, output_tokens: 1 },
    ...fields,
  };
}

async function stream(res: ServerResponse, model: string, reply: Reply): Promise<void> {
  const send = (event: string, data: Record<string, unknown>) => {
    res.write(`event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`);
  };
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  send('message_start', { message: createMessage(model, { content: [], stop_reason: null }) });
  let index = 0;
  for (const block of reply.blocks) {
    const isLast = index === reply.blocks.length - 1;
    if ('text' in block) {
      send('content_block_start', { index, content_block: { type: 'text', text: '' } });
      for (const text of [block.text].flat()) {
        send('content_block_delta', { index, delta: { type: 'text_delta', text } });
      }
    } else if ('thinking' in block) {
      send('content_block_start', {
        index,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      });
      const parts = [
        ...block.thinking.map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: 'signature' },
      ];
      for (const delta of parts) send('content_block_delta', { index, delta });
    } else {
      count += 1;
      const id = block.id ?? `toolu_${String(count).padStart(8, '0')}`;
      send('content_block_start', {
        index,
        content_block: { type: 'tool_use', id, name: block.tool, input: {} },
      });
      const json = JSON.stringify(block.input);
      const half = Math.ceil(json.length / 2);
      for (const part of [json.slice(0, half), json.slice(half)]) {
        send('content_block_delta', {
          index,
          delta: { type: 'input_json_delta', partial_json: part },
        });
      }
    }
    if (isLast) await reply.hold;
    if (isLast && reply.breaks) {
      res.destroy();
      return;
    }
    send('content_block_stop', { index });
    index += 1;
  }
  const usesTool = reply.blocks.some((block) => 'tool' in block);
  send('message_delta', {
    delta: {
      stop_reason: usesTool ? 'tool_use' : 'end_turn',
      stop_sequence: null,
      ...(reply.refusal !== undefined && {
        stop_reason: 'refusal',
        stop_details: { type: 'refusal', category: reply.refusal, explanation: null },
      }),
    },
    usage: { output_tokens: 100 },
  });
  send('message_stop', {});
  res.end();
}

/** The user's text is in the last user message with more than tool results, after reminders. */
function readRequest(body: Record<string, unknown>): ModelRequest {
  const messages = (body['messages'] ?? []) as ModelRequest['messages'];
  let text = '';
  let toolResults: ModelRequest['toolResults'] = [];
  for (const message of messages) {
    if (message.role !== 'user') continue;
    const blocks =
      typeof message.content === 'string'
        ? [{ type: 'text', text: message.content }]
        : (message.content as { type: string; text?: string }[]);
    const results = blocks.filter((block) => block.type === 'tool_result');
    toolResults = [...toolResults, ...(results as unknown as ModelRequest['toolResults'])];
    // After an aborted turn, the text of the next one follows its results in one message.
    const words = blocks
      .slice(blocks.findLastIndex((block) => block.type === 'tool_result') + 1)
      .filter((block) => block.type === 'text')
      .map((block) => block.text?.trim() ?? '')
      .filter((line) => !line.startsWith('<system-reminder>') && !line.startsWith('[Image: '));
    if (words.length > 0) {
      text = words.at(-1) ?? '';
      toolResults = [];
    }
  }
  const tools = ((body['tools'] ?? []) as { name: string }[]).map((tool) => tool.name);
  const { thinking, output_config: outputConfig } = body;
  const model = String(body['model']);
  const system = JSON.stringify(body['system'] ?? '');
  return { text, toolResults, model, messages, tools, system, thinking, outputConfig };
}
