import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readBlocks } from '../docs/markdown.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { describeNeeding } from '../support/needs.js';
import { Program } from '../support/program.js';
import type { Proxy, TestValues } from './proxies.js';
import { connectTo, type HttpVersion, type ProxyClient } from './proxy-client.js';

/** Returns the `describe` for tests that start these proxies. */
export function describeBehind(...proxies: readonly Pick<Proxy, 'name' | 'path'>[]) {
  const missing = proxies.filter(({ path }) => !existsSync(path));
  return describeNeeding(
    missing.length === 0
      ? null
      : `Missing: ${missing.map(({ name, path }) => `${name} (${path})`).join(', ')}. Install it from Debian.`,
  );
}

/** Returns the block of a document in the language of a proxy. @throws Error unless there is one */
export function findBlock(
  { language, label = '' }: Pick<Proxy, 'language' | 'label'>,
  path = 'docs/proxies.md',
): string {
  const blocks = readBlocks(path).filter(
    (block) => block.language === language && block.label === label,
  );
  if (blocks.length !== 1) {
    throw new Error(`${path} has ${blocks.length} blocks of ${language} ${label}.`);
  }
  return blocks[0]?.code ?? '';
}

/** A proxy in a process of its own, with a block of the documents as its configuration. */
export class StartedProxy {
  readonly #origin: string;
  readonly #host: string | undefined;
  readonly #program: Program;
  readonly #folder: string;

  private constructor(
    { scheme, host }: Proxy,
    program: Program,
    { port, folder }: Pick<TestValues, 'port' | 'folder'>,
  ) {
    this.#origin = `${scheme}://127.0.0.1:${port}`;
    this.#host = host;
    this.#program = program;
    this.#folder = folder;
  }

  /** @param block the configuration, with the ports, paths and names of the document */
  static async start(proxy: Proxy, block: string, serverPort: number): Promise<StartedProxy> {
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-proxy-'));
    // Squid and Varnish change to a user of their own when root starts them.
    await chmod(folder, 0o777);
    await makeCertificate(folder);
    const values = { port: await findFreePort(), serverPort, folder };
    const file = join(folder, proxy.fileName ?? 'configuration');
    const { configuration, args } = await proxy.command(
      replaceAll(block, proxy.replacements(values)),
      file,
      values,
    );
    await writeFile(file, configuration);
    const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    const program = new Program(proxy.path, args, { cwd: folder, env });
    const started = new StartedProxy(proxy, program, values);
    try {
      await eventually(() => {
        if (program.status !== null) throw new Error(`${proxy.name} does not load the block.`);
        return started.#answers();
      });
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  connect(version?: HttpVersion): ProxyClient {
    return connectTo(this.#origin, version, this.#host);
  }

  /** Resolves to true when it answers a request, whatever the status. */
  async #answers(): Promise<boolean> {
    const client = this.connect();
    try {
      await client.send({ path: '/sessions' });
      return true;
    } catch {
      return false;
    } finally {
      client.close();
    }
  }

  /** @throws Error with the output of a program that has ended by itself */
  async stop(): Promise<void> {
    const { status } = this.#program;
    // By SIGTERM: the main process of Apache and of Varnish ends the others.
    await this.#program.end();
    await rm(this.#folder, { recursive: true, force: true });
    if (status !== null) throw new Error(`The proxy ended (${status}):\n${this.#program.output}`);
  }
}

function replaceAll(block: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The block has no '${from}':\n${text}`);
    return text.replaceAll(from, to);
  }, block);
}

async function makeCertificate(folder: string): Promise<void> {
  await promisify(execFile)('sh', [
    '-c',
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 ' +
      '-subj /CN=agents.example.com -addext subjectAltName=DNS:agents.example.com -keyout "$0/agents.key" -out "$0/agents.crt" && ' +
      'cat "$0/agents.crt" "$0/agents.key" >"$0/agents.pem"',
    folder,
  ]);
}
