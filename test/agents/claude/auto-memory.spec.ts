import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MemoryTranscripts } from '../../../src/agent-webkit/storage/memory/memory-transcripts.js';
import { describeNeeding } from '../../support/needs.js';
import { createFolders, missingSandbox, WALLS } from '../../support/walls.js';
import { AgentBench } from './agent-bench.js';

const CASES = [
  { where: 'in a sandbox', walls: WALLS ?? null, missing: missingSandbox },
  { where: 'without a sandbox', walls: null, missing: null },
];

for (const { where, walls, missing } of CASES) {
  describeNeeding(missing)(`the auto memory of a Claude agent ${where}`, () => {
    let bench: AgentBench;
    beforeAll(async () => {
      bench = await AgentBench.open(walls);
    });
    afterAll(() => bench.close());

    /** Returns what an agent needs whose owner has this memory. */
    const session = (memory: string | null) => {
      const sessionId = randomUUID();
      const folders = { ...createFolders(bench.homes, sessionId, bench.env.cwd), memory };
      return { sessionId, folders, transcripts: new MemoryTranscripts() };
    };
    const lastPrompt = () => JSON.stringify(bench.api.requests.at(-1));

    it('is in the prompts of all sessions of an owner, also of resumed ones, and of no other', async () => {
      const memory = join(bench.env.home, 'memory-of-ann');
      await mkdir(memory);
      await writeFile(join(memory, 'MEMORY.md'), '- The secret word is xylophone.\n');
      const first = session(memory);
      const agent = bench.start(first);
      await agent.turn('hi');
      expect(lastPrompt()).toContain('xylophone');
      await agent.turn(`bash echo "- Another word is marimba." >> ${memory}/MEMORY.md`);
      await agent.client.close(1000);
      expect(await readFile(join(memory, 'MEMORY.md'), 'utf8')).toContain('marimba');

      for (const start of [{ ...first, resume: true }, session(memory)]) {
        // oxlint-disable-next-line no-await-in-loop -- one agent after another
        await bench.start(start).turn('hi');
        expect(lastPrompt()).toContain('Another word is marimba');
      }

      await bench.start(session(null)).turn('hi');
      expect(lastPrompt()).not.toMatch(/xylophone|marimba/);
    });
  });
}
