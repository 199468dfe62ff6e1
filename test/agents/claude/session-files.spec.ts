import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeSessionFiles } from '../../../src/agent-webkit/agents/claude/session-files.js';

describe('the removal of the files of a deleted session', () => {
  let folder: string;
  let env: Record<string, string>;
  const project = () => join(folder, 'home', '.claude', 'projects', '-project');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-files-'));
    env = { HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') };
    await mkdir(project(), { recursive: true });
    await mkdir(join(folder, 'home', '.claude', 'todos'));
    await mkdir(join(folder, 'tmp', `claude-${process.getuid?.() ?? 0}`, '-project'), {
      recursive: true,
    });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('removes those of its conversations, and no others', async () => {
    const [ours, other] = [randomUUID(), randomUUID()];
    for (const id of [ours, other]) {
      // oxlint-disable-next-line no-await-in-loop -- two conversations
      await writeFile(join(project(), `${id}.jsonl`), '');
    }
    await removeSessionFiles(env, [ours]);
    expect(existsSync(join(project(), `${ours}.jsonl`))).toBe(false);
    expect(existsSync(join(project(), `${other}.jsonl`))).toBe(true);
  });

  it.each(['', '.', '../../../../victim', '-', 'x'])(
    'removes nothing for the id %j, which a program in the place of the agent has made up',
    async (id) => {
      const others = [
        join(project(), 'other.jsonl'),
        join(folder, 'home', '.claude', 'todos', 'x-other.json'),
        join(folder, 'tmp', `claude-${process.getuid?.() ?? 0}`, '-project', '-other'),
        join(folder, 'victim', 'file'),
      ];
      await mkdir(join(folder, 'victim'));
      for (const path of others) {
        // oxlint-disable-next-line no-await-in-loop -- a few files
        await writeFile(path, '');
      }
      await removeSessionFiles(env, [randomUUID(), id]);
      expect(others.filter((path) => !existsSync(path))).toEqual([]);
    },
  );
});
