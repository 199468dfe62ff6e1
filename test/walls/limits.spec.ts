import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { describeNeeding } from '../support/needs.js';
import { missingSandbox } from '../support/walls.js';
import { type Attacker, headersOf, processesWith } from './attacker.js';
import { BOMBS, LIMITS, SLOW_BOMBS, SMALL_BOMBS } from './bombs.js';
import { Poller } from './poller.js';
import { USERS, WallsWorld } from './walls-world.js';

/** How long an answer of the server may take while an agent exceeds its limits, in milliseconds. */
const ANSWER_MS = 5000;

let sources: CompiledSources;

beforeAll(async () => {
  sources = await CompiledSources.create(['src', 'test/walls']);
});
afterAll(() => sources?.remove());

describeNeeding(missingSandbox)('The limits of an agent', () => {
  describe.each(USERS)('of a server that runs as %s', (_, { isNobody }) => {
    let world: WallsWorld;
    let victim: Attacker;
    beforeAll(async () => {
      world = new WallsWorld({ sources, sandbox: 'required', isNobody, limits: LIMITS });
      await world.start();
      victim = await world.open('alice');
      world.victim = victim.id;
      await victim.say('hello');
    }, 120_000);
    afterAll(() => world?.close());

    /** Checks that the server answers, and that the agent of another owner works, while something runs. */
    async function harmless(run: () => Promise<unknown>): Promise<void> {
      const poller = new Poller(`${world.url}/sessions`, headersOf(world, 'alice'));
      const { VFOLDER = '' } = world.variables;
      const working = victim.bash(
        'rm -f go; touch works; until [ -e go ]; do sleep 0.1; done; rm works; echo went on',
      );
      // It is awaited below, unless something fails before.
      working.catch(() => undefined);
      let longest: number;
      try {
        await eventually(() => world.existsAt(join(VFOLDER, 'works')));
        await run();
      } finally {
        await writeFile(join(VFOLDER, 'go'), '');
        longest = await poller.stop();
      }
      expect(longest).toBeLessThan(ANSWER_MS);
      expect(await working).toContain('went on');
    }

    /** Checks that a bomb ends its agent with all that it has started, and that the session goes on. */
    async function ends({ code, calls }: (typeof BOMBS)[string]): Promise<void> {
      const attacker = await world.open('bob');
      const { text, ...ended } = await attacker.exceed(calls);
      expect(ended).toEqual({ codes: [code], subtype: 'error_during_execution' });
      await eventually(async () => (await attacker.state()) === 'dormant');
      await eventually(async () => (await processesWith(attacker.id)).length === 0);

      expect(await attacker.bash('rm -f fill-* ~/fill-*; echo resumed')).toContain('resumed');
      const conversations = world.api.requests.map(({ messages }) => JSON.stringify(messages));
      const resumed = conversations.filter((one) => one.includes(text) && one.includes('resumed'));
      expect(resumed.length).toBeGreaterThan(0);
      await attacker.delete();
    }

    it.each(Object.entries(BOMBS))(
      'end it by %s, and nothing else',
      (_name, bomb) => harmless(() => ends(bomb)),
      120_000,
    );

    it('end it by processor time and by files, and nothing else', async () => {
      await harmless(() =>
        Promise.all([
          ...Object.values(SLOW_BOMBS).map(ends),
          ...Object.values(SMALL_BOMBS).map(async ({ command, output }) => {
            const attacker = await world.open('bob');
            expect(await attacker.bash(command)).toContain(output);
          }),
        ]),
      );
    }, 240_000);
  });
});
