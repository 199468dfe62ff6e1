import { expect, it } from '@jest/globals';
import { readBlocks } from '../docs/markdown.js';
import { Program } from '../support/program.js';
import { describeCluster } from './world.js';

describeCluster('the commands of the page about clusters', (world) => {
  it('answer at the second server what the first one was asked, with the output that is shown', async () => {
    const blocks = readBlocks('docs/cluster.md');
    const at = blocks.findIndex(({ language }) => language === 'bash');
    const [commands, output] = blocks.slice(at, at + 2);
    const site = await world.open({ servers: 2 });
    const code = commands?.code
      .replace('http://127.0.0.1:3001', site.at(0).url)
      .replace('http://127.0.0.1:3002', site.at(1).url);
    const shell = new Program('bash', ['-c', code ?? ''], { limitMs: 40_000 });
    expect(await shell.ended()).toBe(0);
    const shown = output?.code.trim().split(/\n|\.\.\./) ?? [];
    expect(shown.length).toBeGreaterThan(1);
    for (const text of shown) expect(shell.output).toContain(text);
  }, 60_000);
});
