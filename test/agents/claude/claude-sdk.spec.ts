import { expect, it } from '@jest/globals';
import { loadSdk } from '../../../src/agent-webkit/agents/claude/claude-sdk.js';

it('loading the SDK names the package to install when it is missing', async () => {
  const cause = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  await expect(loadSdk(() => Promise.reject(cause))).rejects.toMatchObject({
    message: expect.stringContaining('npm install @anthropic-ai/claude-agent-sdk'),
    cause,
  });
});

it('loading the SDK throws the original error when the SDK is installed but broken', async () => {
  const cause = new SyntaxError('Unexpected token');
  await expect(loadSdk(() => Promise.reject(cause))).rejects.toBe(cause);
});
