import { expect, it } from '@jest/globals';
import { loadSdk } from '../../../src/agent-webkit/agents/claude/claude-sdk.js';

it('says what to install when the SDK is not there', async () => {
  const cause = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  await expect(loadSdk(() => Promise.reject(cause))).rejects.toMatchObject({
    message: expect.stringContaining('npm install @anthropic-ai/claude-agent-sdk'),
    cause,
  });
});

it('says nothing of the kind when the SDK is there and broken', async () => {
  const cause = new SyntaxError('Unexpected token');
  await expect(loadSdk(() => Promise.reject(cause))).rejects.toBe(cause);
});
