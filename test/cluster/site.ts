import type { CompiledSources } from '../support/compiled-sources.js';
import { type Host, RealServer } from '../durability/real-server.js';

export interface SiteOptions {
  sources: CompiledSources;
  /** The URL of an empty database. */
  database: string;
  /** Default: 3. */
  servers?: number;
  /** Settings of every server, in addition to those of every site. */
  settings?: Readonly<Record<string, string>>;
  /** The host and the own settings of each server. Default: this host. */
  hosts?: readonly { host?: Host; settings: Readonly<Record<string, string>> }[];
}

const START =
  /InstanceLoader|RoutesResolver|RouterExplorer|NestFactory|NestApplication|^(?: {2}.*|\w+: {2,}.*|)$/;

/** Several servers on one database. */
export class Site {
  private constructor(readonly servers: readonly RealServer[]) {}

  /** Starts the servers. */
  static async open(options: SiteOptions): Promise<Site> {
    const { sources, database, servers = 3, settings = {}, hosts = [] } = options;
    const env = {
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_STORAGE: database,
      AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE: '10000',
      // Nothing waits for a balancer.
      AGENT_WEBKIT_SHUTDOWN_DELAY_MS: '0',
      ...settings,
    };
    const all = Array.from({ length: servers }, (_, index) => {
      const { host, settings: own = {} } = hosts[index] ?? {};
      return new RealServer(sources, { ...env, ...own }, host);
    });
    const site = new Site(all);
    try {
      await Promise.all(all.map((server) => server.start()));
    } catch (error) {
      await site.close();
      throw error;
    }
    return site;
  }

  /** Returns the nth server, from 0. */
  at(index: number): RealServer {
    const server = this.servers[index];
    if (!server) throw new Error(`There is no server ${index}.`);
    return server;
  }

  /** The last lines that the servers wrote, without what each writes at its start. */
  get lines(): readonly string[] {
    return this.servers.flatMap(({ lines }, index) =>
      lines.filter((line) => !START.test(line)).map((line) => `[${index}] ${line}`),
    );
  }

  /** Ends the servers, also those that are frozen. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}
