import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../../support/compiled-sources.js';
import { itOnly } from '../../support/needs.js';
import { Program } from '../../support/program.js';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe('the removal of a folder', () => {
  let sources: CompiledSources;
  let root: string;
  beforeAll(async () => {
    sources = await CompiledSources.create(['src/agent-webkit/engine/workspace']);
    root = mkdtempSync(join(tmpdir(), 'remove-'));
    chmodSync(root, 0o755);
  });
  afterAll(async () => {
    await sources.remove();
    rmSync(root, { recursive: true, force: true });
  });

  /** Fills a folder as a hostile program, and removes it, both as one user. */
  async function fillAndRemove(uid: number, files: number) {
    const place = join(root, String(uid));
    const outside = join(place, 'outside');
    const top = join(place, 'top');
    const folder = join(top, 'folder');
    for (const path of [place, outside, top, folder]) {
      mkdirSync(path, { mode: 0o700 });
      chownSync(path, uid, uid);
    }
    const kept = join(outside, 'kept');
    writeFileSync(kept, 'kept');
    chownSync(kept, uid, uid);
    const run = (name: string, args: string[], cwd: string) => {
      const command = [process.execPath, script(name), ...args];
      const prefix = uid === process.getuid?.() ? [] : asUser(uid);
      const [program = '', ...rest] = [...prefix, ...command];
      return new Program(program, rest, { cwd });
    };
    const filled = run('hostile-tree.mjs', [outside, String(files)], folder);
    expect([await filled.ended(), filled.output]).toEqual(['SIGKILL', '']);
    const source = sources.url('src/agent-webkit/engine/workspace/remove-tree.ts');
    const removed = run('remove-as-user.mjs', [source, top], '/');
    expect([await removed.ended(), removed.output]).toEqual([0, expect.stringMatching(/^turns/)]);
    expect(existsSync(top)).toBe(false);
    expect(readFileSync(kept, 'utf8')).toBe('kept');
    return Number(removed.output.split(' ')[1]);
  }

  it('removes whatever a program left there, follows no link, and lets the server work meanwhile', async () => {
    const files = 20_000;
    const turns = await fillAndRemove(process.getuid?.() ?? 0, files);
    expect(turns).toBeGreaterThan(files / 10);
  });

  itOnly(isRoot ? null : 'only root can run a program as another user')(
    'does so as an ordinary user, from whom the program took the permissions',
    async () => {
      await fillAndRemove(NOBODY, 100);
    },
  );
});

function asUser(uid: number): string[] {
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
}
