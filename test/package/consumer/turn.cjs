const assert = require('node:assert/strict');

/** Creates a session, says something, and reads the stream to the turn's result. */
exports.haveATurn = async (app, SessionRegistryService) => {
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const post = (path, body) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { session_id } = await (await post('/sessions', {})).json();
  const stream = await fetch(`${url}/sessions/${session_id}/stream`);
  const said = await post(`/sessions/${session_id}/input`, { type: 'user_message', content: 'hi' });
  assert.equal(said.status, 204);
  let received = '';
  for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
    received += chunk;
    if (received.includes('event: result')) break;
  }
  assert.match(received, /"text":"You said hi\."/);
  assert.equal(app.get(SessionRegistryService).size, 1);
  await app.close();
};
