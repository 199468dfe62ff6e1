import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { describeNeeding } from '../support/needs.js';
import { missingSandbox } from '../support/walls.js';
import { eventually } from '../support/eventually.js';
import type { Attempt } from './attempt.js';
import { Attacker, processesWith } from './attacker.js';
import { plantedFiles } from './planted-files.js';
import { FILE_ATTEMPTS, TOOL_ATTEMPTS } from './file-attempts.js';
import { reached, runAttempts } from './run-attempts.js';
import { NETWORK_ATTEMPTS, SYSTEM_ATTEMPTS } from './system-attempts.js';
import { USERS, WallsWorld } from './walls-world.js';

const ATTEMPTS: readonly Attempt[] = [...FILE_ATTEMPTS, ...SYSTEM_ATTEMPTS, ...NETWORK_ATTEMPTS];

let sources: CompiledSources;

beforeAll(async () => {
  sources = await CompiledSources.create();
});
afterAll(() => sources.remove());

/** Starts a server with a victim, who has said the secret. Resolves to an attacker. */
async function start(world: WallsWorld): Promise<Attacker> {
  await world.start();
  const victim = await world.open('alice');
  world.victim = victim.id;
  await victim.say(`keep ${world.secret}`);
  const { VFOLDER = '' } = world.variables;
  await writeFile(join(VFOLDER, 'secret.txt'), world.secret);
  const attacker = await world.open('bob');
  world.attackerFolder = join(world.root, 'sessions', attacker.id);
  await attacker.bash(
    `ln -s ${world.serverHome}/.netrc to-netrc; ln -s ${world.serverHome} to-home`,
  );
  return attacker;
}

describeNeeding(missingSandbox)('The walls around an agent', () => {
  describe.each(USERS)('of a server that runs as %s', (_, { isNobody }) => {
    let world: WallsWorld;
    let attacker: Attacker;
    beforeAll(async () => {
      world = new WallsWorld({ sources, sandbox: 'required', isNobody });
      attacker = await start(world);
    }, 60_000);
    afterAll(() => world?.close());

    it('stop each attempt by a command', async () => {
      const succeeded = await runAttempts(world, attacker, ATTEMPTS);
      expect(Object.fromEntries(succeeded)).toEqual({});
      expect(world.services.echoed).toEqual([]);
      expect(ATTEMPTS.length + TOOL_ATTEMPTS.length).toBeGreaterThanOrEqual(60);
    }, 120_000);

    it('stop each attempt by a tool for files', async () => {
      const results = await attacker.use(
        TOOL_ATTEMPTS.map(({ tool, input }) => ({ tool, input: input(world) })),
      );
      expect(results).toHaveLength(TOOL_ATTEMPTS.length);
      for (const [index, { name, hasEffect }] of TOOL_ATTEMPTS.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const hasSucceeded = hasEffect ? await hasEffect(world) : false;
        expect([name, hasSucceeded || reached(world, results[index] ?? '')]).toEqual([name, false]);
      }
    }, 60_000);

    it('permit no working directory outside the folder of the session', async () => {
      const { VFOLDER = '', VHOME = '' } = world.variables;
      const asked = [
        '/',
        '..',
        world.serverHome,
        VFOLDER,
        VHOME,
        `../${world.victim}`,
        '.agent-webkit',
      ];
      const answers = await Promise.all(asked.map((cwd) => Attacker.create(world, 'bob', { cwd })));
      expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 403));
    });

    it('keep what the agent has planted for its next process and for the server without effect', async () => {
      const planter = await world.open('bob');
      const { before, after } = plantedFiles(world);
      expect(await planter.bash(before)).toContain('planted');
      await planter.killAgent();
      const result = await planter.bashAgain('pwd -P; timeout 5 cat ./[a-oq-z]* .[a-z]*');
      expect(result).toContain(planter.id);
      expect(result).not.toContain(world.secret);
      expect(await planter.bash(after)).toContain('left');

      expect(await planter.delete()).toBeLessThan(300);
      await eventually(async () => (await processesWith(`loop-${planter.id}`)).length === 0);
      for (const folder of ['sessions', '.agent-webkit/homes']) {
        // oxlint-disable-next-line no-await-in-loop -- two folders
        await eventually(async () => !(await world.existsAt(join(world.root, folder, planter.id))));
      }
      expect(await world.changed()).toEqual([]);
      for (const name of ['hooked', 'plans', 'evil.jsonl', 'd', 'f']) {
        // oxlint-disable-next-line no-await-in-loop -- a few files
        expect([name, await world.exists(name)]).toEqual([name, false]);
      }
      const { VFOLDER = '' } = world.variables;
      expect(await world.existsAt(join(VFOLDER, 'secret.txt'))).toBe(true);
      const requests = world.api.requests.filter(({ text }) => text.startsWith('attack'));
      expect(JSON.stringify(requests)).not.toContain(world.secret);
    }, 60_000);

    it('start no agent where it has replaced its working directory by a link', async () => {
      const swapper = await world.open('bob', { cwd: 'below' });
      const swap = `cd ..; rm -rf below; ln -s ${world.serverHome} below; echo swapped`;
      expect(await swapper.bash(swap)).toContain('swapped');
      await swapper.killAgent();
      const result = await swapper.bashAgain('pwd -P; cat ./.netrc').catch(String);
      expect(result).toContain('session_folder_missing');
      expect(await swapper.delete()).toBeLessThan(300);
      expect(await world.changed()).toEqual([]);
    });

    it('let the agent work in its folder, and reach its model', async () => {
      expect(await attacker.bash('echo works > file; cat file; pwd')).toContain('works');
    });
  });
});

describe.each(USERS)(
  'The attempts on a server without walls, that runs as %s',
  (_, { isNobody }) => {
    let world: WallsWorld;
    let attacker: Attacker;
    beforeAll(async () => {
      world = new WallsWorld({ sources, sandbox: 'none', isNobody });
      attacker = await start(world);
    }, 60_000);
    afterAll(() => world?.close());

    it('succeed, so that none of them is unable to', async () => {
      const succeeded = await runAttempts(world, attacker, ATTEMPTS);
      const expected = ATTEMPTS.filter(
        ({ unseen, needsRoot }) => unseen === undefined && !(needsRoot && isNobody),
      );
      const failed = expected.filter(({ name }) => !succeeded.has(name));
      expect(failed.map(({ name }) => name)).toEqual([]);
    }, 120_000);

    it('succeed by the tools for files, too', async () => {
      const calls = TOOL_ATTEMPTS.map(({ tool, input }) => ({ tool, input: input(world) }));
      const results = await attacker.use(calls);
      const failed: string[] = [];
      for (const [index, { name, hasEffect }] of TOOL_ATTEMPTS.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        const hasSucceeded = hasEffect ? await hasEffect(world) : false;
        const { unseen } = TOOL_ATTEMPTS[index] ?? {};
        if (unseen === undefined && !hasSucceeded && !reached(world, results[index] ?? ''))
          failed.push(`${name}: ${results[index]}`);
      }
      expect(failed).toEqual([]);
    }, 60_000);
  },
);
