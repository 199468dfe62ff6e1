// The processor time per delta of a real agent, with the SDK alone.
import { query } from '@anthropic-ai/claude-agent-sdk';
import { agentOptions } from '../first-word/agent-options.mjs';
import { CpuPerDelta } from './cpu-per-delta.mjs';

const [apiUrl, home, warmUp] = process.argv.slice(2);
const cpu = new CpuPerDelta(Number(warmUp));
let deltas = 0;

process.on('disconnect', () => process.exit());
const messages = query({
  prompt: 'hi',
  options: { ...agentOptions(apiUrl, home), cwd: home, includePartialMessages: true },
});
for await (const { type, event } of messages) {
  if (type !== 'stream_event') continue;
  if (event.type === 'content_block_delta') cpu.at((deltas += 1));
  if (event.type === 'content_block_stop') cpu.end();
}
process.send({ cpuUs: cpu.us });
