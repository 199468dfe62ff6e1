/** A page that lists the operations of `/openapi.json` and sends requests. It has no inline code or styles. */
export const TRY_HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Agent sessions API</title>
    <link rel="stylesheet" href="./docs/try.css" />
    <script type="module" src="./docs/try.js"></script>
  </head>
  <body>
    <h1>Agent sessions API</h1>
    <p>
      <label>Token <input id="token" type="password" autocomplete="off" /></label>
      <label>Session <input id="session" autocomplete="off" size="38" /></label>
      <a href="./openapi.json">openapi.json</a>
    </p>
    <main id="operations"></main>
  </body>
</html>
`;

export const TRY_CSS = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
summary { cursor: pointer; padding: 0.4rem 0; }
summary code { font-weight: bold; }
details { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
textarea { width: 100%; box-sizing: border-box; font-family: monospace; }
pre { overflow: auto; max-height: 24rem; white-space: pre-wrap; overflow-wrap: anywhere; }
button, input, textarea { font-size: 1rem; }
`;

/** The script of the page. It shows a stream as it arrives; leaving the page or sending again ends it. */
export const TRY_JS = `const { paths } = await (await fetch('./openapi.json')).json();
const token = document.getElementById('token');
const session = document.getElementById('session');
const operations = document.getElementById('operations');

const make = (name, properties = {}, children = []) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

for (const [path, item] of Object.entries(paths)) {
  for (const [method, operation] of Object.entries(item)) show(method.toUpperCase(), path, operation);
}

function show(method, path, { summary, parameters = [], requestBody, responses }) {
  const queries = parameters.filter((parameter) => parameter.in !== 'path');
  const fields = queries.map((parameter) => {
    const input = make('input', { name: parameter.name, title: parameter.description ?? '' });
    return { parameter, input, label: make('label', {}, [parameter.name + ' ', input, ' ']) };
  });
  const example = requestBody?.content['application/json'].example;
  const body = requestBody && make('textarea', {
    rows: 5, value: JSON.stringify(example, null, 2), ariaLabel: 'Body',
  });
  const output = make('pre', { ariaLive: 'polite' });
  const send = make('button', { textContent: 'Send', type: 'button' });
  const statuses = Object.entries(responses).map(([status, { description }]) => status + ' ' + description);
  let current = null;
  send.addEventListener('click', async () => {
    current?.abort();
    current = new AbortController();
    output.textContent = '';
    try {
      await request(method, path, fields, body, output, current.signal);
    } catch (error) {
      if (error.name !== 'AbortError') output.textContent += String(error);
    }
  });
  operations.append(make('details', {}, [
    make('summary', {}, [make('code', { textContent: method + ' ' + path }), ' ' + summary]),
    make('p', { textContent: 'Responses: ' + statuses.join(' · ') }),
    make('p', {}, fields.map(({ label }) => label)),
    ...(body ? [body] : []),
    send,
    output,
  ]));
}

async function request(method, path, fields, body, output, signal) {
  const given = fields.filter(({ input }) => input.value !== '');
  const url = new URL('.' + path.replace('{id}', encodeURIComponent(session.value)), location.href);
  const headers = new Headers(body ? { 'Content-Type': 'application/json' } : {});
  if (token.value !== '') headers.set('Authorization', 'Bearer ' + token.value);
  for (const { parameter, input } of given) {
    if (parameter.in === 'query') url.searchParams.set(parameter.name, input.value);
    else headers.set(parameter.name, input.value);
  }
  const response = await fetch(url, { method, headers, signal, ...(body && { body: body.value }) });
  output.textContent = response.status + '\\n';
  let text = '';
  for await (const chunk of readText(response)) {
    text += chunk;
    output.append(chunk);
  }
  if (method === 'POST' && path === '/sessions' && response.ok) session.value = JSON.parse(text).session_id;
}

async function* readText(response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) return;
    yield part.value;
  }
}
`;
