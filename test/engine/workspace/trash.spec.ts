import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeTree } from '../../../src/agent-webkit/engine/workspace/remove-tree.js';
import { Trash } from '../../../src/agent-webkit/engine/workspace/trash.js';

describe('the trash', () => {
  let place: string;
  let trash: Trash | undefined;
  const logged: string[] = [];
  const log = (line: string) => void logged.push(line);
  const logger = { log, warn: log, error: log };
  const at = (name: string) => join(place, name);

  beforeEach(async () => {
    place = await realpath(await mkdtemp(join(tmpdir(), 'trash-')));
    for (const name of ['trash', 'large', 'small', 'later']) await mkdir(at(name));
    logged.length = 0;
  });
  afterEach(async () => {
    await trash?.stop();
    await rm(place, { recursive: true });
  });

  it('removes other folders while one takes very long', async () => {
    const turns: string[] = [];
    let isLarge = true;
    const remove: typeof removeTree = async (top, signal) => {
      const isFirst = isLarge;
      isLarge = false;
      if (!isFirst && !turns.includes(top)) return removeTree(top, signal);
      turns.push(top);
      await new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    };
    trash = new Trash(logger, { remove, turnMs: 20 });
    const large = await trash.add(at('large'), at('trash'));
    const small = await trash.add(at('small'), at('trash'));
    await small?.removed;
    const later = await trash.add(at('later'), at('trash'));
    await later?.removed;
    expect(existsSync(at('small')) || existsSync(at('later'))).toBe(false);
    expect(turns.length).toBeGreaterThan(0);
    await trash.stop();
    await large?.removed;
    expect(logged).toEqual([]);
  });

  it('reports a removal that fails, after turns that it did not finish', async () => {
    let turns = 0;
    const remove: typeof removeTree = async (_, signal) => {
      turns += 1;
      if (turns > 2) throw new Error('It is full of bees.');
      await new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    };
    trash = new Trash(logger, { remove, turnMs: 10 });
    await (
      await trash.add(at('large'), at('trash'))
    )?.removed;
    expect(turns).toBe(3);
    expect(logged).toEqual([expect.stringContaining('It is full of bees.')]);
  });
});
