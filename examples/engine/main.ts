import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import {
  AgentWebkitError,
  type Caller,
  claudeSdkFactory,
  createSessionEngine,
  ERROR_STATUS,
  InvalidRequestError,
  parseCreateSession,
  parseInboundMessage,
  PROTOCOL_VERSION,
  type SessionHandle,
  UnauthorizedError,
} from 'nestjs-agent-webkit/engine';
import { demoScript, scriptedSdkFactory } from 'nestjs-agent-webkit/testing';

const hasKey = Boolean(process.env['ANTHROPIC_API_KEY']);
const engine = createSessionEngine({
  agent: { sdkFactory: hasKey ? claudeSdkFactory() : scriptedSdkFactory(demoScript) },
});
const callers = new Map<string | undefined, Caller>([['Bearer secret-of-ann', { id: 'ann' }]]);

/** Returns the answer: an object, nothing for 204, or null for 404. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const caller = callers.get(request.headers.authorization);
  if (!caller) throw new UnauthorizedError('Send the header Authorization: Bearer <token>.');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const [, root, id = '', action = ''] = pathname.split('/');
  const session = engine.get(id, caller);
  switch (`${request.method} ${root}${id && '/:id'}${action && `/${action}`}`) {
    case 'POST sessions': {
      const created = await engine.create(parseCreateSession(await readJson(request)), caller);
      return { session_id: created.id, protocol_version: PROTOCOL_VERSION };
    }
    case 'GET sessions':
      return engine.list(caller);
    case 'GET sessions/:id':
      return session.info();
    case 'GET sessions/:id/events':
      return session.read(Number(searchParams.get('after') ?? 0));
    case 'GET sessions/:id/stream':
      return stream(session, Number(request.headers['last-event-id'] ?? 0), response);
    case 'POST sessions/:id/input':
      return session.send(parseInboundMessage(await readJson(request)));
    case 'DELETE sessions/:id':
      return session.close();
    default:
      return null;
  }
}

async function stream(session: SessionHandle, after: number, response: ServerResponse) {
  const left = new AbortController();
  response.on('close', () => left.abort());
  const events = await session.watch(after, { signal: left.signal });
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  for await (const { id, event, data } of events) {
    const frame = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    if (!response.write(frame)) await once(response, 'drain', { signal: left.signal });
  }
  response.end();
}

function readJson(request: IncomingMessage): Promise<unknown> {
  return json(request).catch(() => {
    throw new InvalidRequestError('The body must be JSON.');
  });
}

function writeError(error: unknown, response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  if (!(error instanceof AgentWebkitError)) return writeJson(response, 500, {});
  if (error.retryAfterSeconds) response.setHeader('Retry-After', error.retryAfterSeconds);
  const { code, message } = error;
  writeJson(response, ERROR_STATUS[code], { statusCode: ERROR_STATUS[code], code, message });
}

function writeJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await answer(request, response);
    if (response.headersSent) return;
    if (body === undefined) response.writeHead(204).end();
    else writeJson(response, body === null ? 404 : 200, body);
  } catch (error) {
    writeError(error, response);
  }
}

const server = createServer((request, response) => void respond(request, response));
await engine.start();
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`Listening on http://127.0.0.1:${port}, token of ann: secret-of-ann\n`);
});
process.once('SIGTERM', () => {
  server.close();
  void engine.stop();
});
