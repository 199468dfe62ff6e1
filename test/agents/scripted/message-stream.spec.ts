import { describe, expect, it } from '@jest/globals';
import { MessageStream } from '../../../src/agent-webkit/agents/scripted/message-stream.js';
import {
  type Origin,
  userTextMessage,
} from '../../../src/agent-webkit/agents/scripted/sdk-message.js';

const origin: Origin = { sessionId: 's', parentToolUseId: null, model: null };
const one = userTextMessage(origin, 'one');
const two = userTextMessage(origin, 'two');

describe('the message stream of a scripted agent', () => {
  it('delivers messages in order, whether they are written before or during the reading', async () => {
    const stream = new MessageStream();
    stream.write(one);
    const reading = readAll(stream);
    stream.write(two);
    stream.end();
    expect(await reading).toEqual([one, two]);
  });

  it('ignores messages that are written after its end', async () => {
    const stream = new MessageStream();
    stream.write(one);
    stream.end();
    stream.write(two);
    stream.end(new RangeError('Too late.'));
    expect(await readAll(stream)).toEqual([one]);
  });

  it('throws its failure after the written messages', async () => {
    const stream = new MessageStream();
    stream.write(one);
    stream.end(new RangeError('Dead.'));
    const messages = stream[Symbol.asyncIterator]();
    expect(await messages.next()).toEqual({ done: false, value: one });
    await expect(messages.next()).rejects.toThrow('Dead.');
  });

  it('counts as read when its reader asks for more than was written', async () => {
    const stream = new MessageStream();
    stream.write(one);
    let isRead = false;
    const read = stream.read().then(() => (isRead = true));
    const messages = stream[Symbol.asyncIterator]();
    await messages.next();
    expect(isRead).toBe(false);
    const next = messages.next();
    await read;
    await stream.read();
    stream.write(two);
    expect(await next).toEqual({ done: false, value: two });
  });
});

async function readAll(stream: MessageStream): Promise<unknown[]> {
  const messages: unknown[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}
