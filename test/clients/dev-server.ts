import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../docs/markdown.js';
import { Program } from '../support/program.js';

const SCRIPT = join(ROOT, 'test/clients/react-page/dev-server.mjs');

/** The dev server of a page with the hooks, whose proxy forwards `/agents` to a server. */
export class DevServer {
  readonly url: string;
  readonly #program: Program;
  readonly #cache: string;

  private constructor(url: string, program: Program, cache: string) {
    this.url = url;
    this.#program = program;
    this.#cache = cache;
  }

  static async start(target: string): Promise<DevServer> {
    const cache = await mkdtemp(join(tmpdir(), 'dev-server-'));
    const program = Program.node(SCRIPT, [target, cache]);
    const [, url = ''] = await program.says(/Ready at (\S+)/);
    return new DevServer(url, program, cache);
  }

  async close(): Promise<void> {
    await this.#program.kill();
    await rm(this.#cache, { recursive: true, force: true });
  }
}
