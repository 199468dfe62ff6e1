import { expect, it, jest } from '@jest/globals';
import { loadSdk } from '../../../src/agent-webkit/agents/claude/claude-sdk.js';

it('says what to install when the SDK is not there', async () => {
  const cause = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  jest.unstable_mockModule('@anthropic-ai/claude-agent-sdk', () => {
    throw cause;
  });

  await expect(loadSdk()).rejects.toMatchObject({
    message: expect.stringContaining('npm install @anthropic-ai/claude-agent-sdk'),
    cause,
  });
});

it('says nothing of the kind when the SDK is there and broken', async () => {
  const cause = new SyntaxError('Unexpected token');
  jest.resetModules();
  jest.unstable_mockModule('@anthropic-ai/claude-agent-sdk', () => {
    throw cause;
  });

  await expect(loadSdk()).rejects.toBe(cause);
});
