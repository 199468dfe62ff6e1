import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ToolUseOrder } from '../../../src/agent-webkit/agents/claude/tool-use-order.js';
import { assistant, text, toolUse } from '../../support/sdk-messages.js';

const message = (id: string) => assistant([text('I run it.'), toolUse('Bash', {}, id)]);
const { signal } = new AbortController();

describe('a permission request', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('does not wait after the message with its tool use', () => {
    const order = new ToolUseOrder();
    order.observe(message('toolu_1'));
    expect(order.wait('toolu_1', signal)).toBeUndefined();
  });

  it('waits for the message with its tool use, also when it is repeated', async () => {
    const order = new ToolUseOrder();
    const waits = [order.wait('toolu_1', signal), order.wait('toolu_1', signal)];
    let isOver = false;
    const over = Promise.all(waits.map((wait) => Promise.resolve(wait))).then(
      () => (isOver = true),
    );
    order.observe(message('toolu_2'));
    await Promise.resolve();
    expect(isOver).toBe(false);
    order.observe(message('toolu_1'));
    await over;
  });

  it('waits a second at most', async () => {
    const waited = new ToolUseOrder().wait('toolu_1', signal);
    jest.advanceTimersByTime(1000);
    await waited;
  });

  it('does not wait after its cancellation', async () => {
    const order = new ToolUseOrder();
    const controller = new AbortController();
    const waited = order.wait('toolu_1', controller.signal);
    controller.abort();
    await waited;
    expect(order.wait('toolu_1', controller.signal)).toBeUndefined();
  });

  it('remembers a bounded number of tool uses', () => {
    const order = new ToolUseOrder();
    for (let n = 0; n < 257; n += 1) order.observe(message(`toolu_${n}`));
    expect(order.wait('toolu_256', signal)).toBeUndefined();
    const controller = new AbortController();
    expect(order.wait('toolu_0', controller.signal)).toBeDefined();
    controller.abort();
  });
});
