import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createServer } from '../../src/standalone/server.js';
import { readSettings } from '../../src/standalone/settings.js';

const TOKEN = 'ann-s-token';
/** The token of a second user, `ben`. */
const OTHER_TOKEN = 'ben-s-token';

/** The standalone server with the demo agent and a SQLite file. It can be restarted. */
export class Standalone {
  readonly token = TOKEN;
  #app: NestExpressApplication | null = null;
  #port = 0;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<Standalone> {
    const server = new Standalone(await mkdtemp(join(tmpdir(), 'agent-webkit-page-')));
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The link that the server prints when it has generated a token. */
  get link(): string {
    return `${this.url}/#token=${TOKEN}`;
  }

  /** The link of the second user, `ben`. */
  get otherLink(): string {
    return `${this.url}/#token=${OTHER_TOKEN}`;
  }

  async start(): Promise<void> {
    const settings = readSettings({
      PORT: String(this.#port),
      AGENT_WEBKIT_TOKEN: `ann:${TOKEN},ben:${OTHER_TOKEN}`,
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_STORAGE: `file:${join(this.#folder, 'sessions.db')}`,
      AGENT_WEBKIT_WORKSPACE: this.#folder,
    });
    const app = await createServer(settings, { logger: false });
    await app.listen(settings.port, settings.host);
    this.#port = Number(new URL(await app.getUrl()).port);
    this.#app = app;
  }

  /** Shuts down like on SIGTERM; the file remains. */
  async stop(): Promise<void> {
    await this.#app?.close();
    this.#app = null;
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
