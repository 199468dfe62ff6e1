/**
 * The program of an MCP server on stdio, for `node -e`. Its tools ask the user:
 *
 * - `elicit` sends its input as the parameters of `elicitation/create`, and returns the reply as JSON. With
 *   `withdraw_after_ms`, it cancels its request after that time.
 * - `require` fails the first time with the error that requires a visit of `url`.
 * - `complete` reports that the user has finished at the page with its `elicitationId`.
 */
export const ELICITING_SERVER = `
const replies = new Map();
let asked = 0;
let isDone = false;
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const say = (value) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });
const tools = {
  elicit({ withdraw_after_ms: ms, ...params }) {
    const id = 'e' + (asked += 1);
    send({ id, method: 'elicitation/create', params });
    return new Promise((resolve) => {
      replies.set(id, (message) => resolve(say(message.result ?? message.error)));
      if (ms) setTimeout(() => {
        send({ method: 'notifications/cancelled', params: { requestId: id, reason: 'too late' } });
        resolve(say('withdrawn'));
      }, ms);
    });
  },
  require({ url }) {
    if (isDone) return say('done');
    isDone = true;
    const elicitations = [{ mode: 'url', message: 'Sign in', url, elicitationId: 'required' }];
    throw Object.assign(new Error('Sign in first.'), { code: -32042, data: { elicitations } });
  },
  complete({ elicitationId }) {
    send({ method: 'notifications/elicitation/complete', params: { elicitationId } });
    return say('reported');
  },
};
async function receive({ id, method, params, ...rest }) {
  if (method === undefined) return replies.get(id)?.(rest);
  if (id === undefined) return;
  try {
    send({ id, result: await answer(method, params) });
  } catch ({ code = -32603, message, data }) {
    send({ id, error: { code, message, data } });
  }
}
function answer(method, params) {
  if (method === 'initialize') return {
    protocolVersion: params.protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'crm', version: '1' },
  };
  if (method === 'tools/list') return {
    tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })),
  };
  if (method === 'tools/call') return tools[params.name](params.arguments ?? {});
  return {};
}
let rest = '';
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) void receive(JSON.parse(line));
});
`;
