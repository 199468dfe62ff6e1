import { describe, expect, it } from '@jest/globals';
import { MessageStream } from '../../../src/agent-webkit/agents/scripted/message-stream.js';
import {
  type Origin,
  userTextMessage,
} from '../../../src/agent-webkit/agents/scripted/sdk-message.js';

const origin: Origin = { sessionId: 's', parentToolUseId: null, model: null };
const one = userTextMessage(origin, 'one');
const two = userTextMessage(origin, 'two');

describe('a message stream', () => {
  it('gives what is written before and while it is read, in order', async () => {
    const stream = new MessageStream();
    stream.write(one);
    const reading = readAll(stream);
    stream.write(two);
    stream.end();
    expect(await reading).toEqual([one, two]);
  });

  it('takes nothing once it has ended', async () => {
    const stream = new MessageStream();
    stream.write(one);
    stream.end();
    stream.write(two);
    stream.end(new RangeError('Too late.'));
    expect(await readAll(stream)).toEqual([one]);
  });

  it('throws its failure behind what was written', async () => {
    const stream = new MessageStream();
    stream.write(one);
    stream.end(new RangeError('Dead.'));
    const messages = stream[Symbol.asyncIterator]();
    expect(await messages.next()).toEqual({ done: false, value: one });
    await expect(messages.next()).rejects.toThrow('Dead.');
  });

  it('is read once its reader asks for more than was written', async () => {
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
