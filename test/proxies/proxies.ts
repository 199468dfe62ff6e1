import { mkdir, readdir } from 'node:fs/promises';
import type { HttpVersion } from './proxy-client.js';

/** The values that a test gives to the placeholders of a block. */
export interface TestValues {
  /** The port of the proxy. */
  port: number;
  /** The port of the server behind it. */
  serverPort: number;
  /** A folder for the files of the proxy, with the certificate `agents.crt`, `agents.key` and `agents.pem`. */
  folder: string;
}

export interface Command {
  /** The text of the configuration file. */
  configuration: string;
  args: readonly string[];
}

/** A program from Debian that `docs/proxies.md` has a block for. */
export interface Proxy {
  name: string;
  /** The language of its block. */
  language: string;
  /** The words after the language on the opening line of its block. @default none */
  label?: string;
  /** The path of the program. */
  path: string;
  scheme: 'http' | 'https';
  /** The name that clients request. @default that of the blocks */
  host?: string;
  versions: readonly HttpVersion[];
  /** True when it notices that a client has left only when it writes to it. */
  noticesByWriting?: boolean;
  /** The number of requests of one HTTP/2 connection that it serves at once, where that is few. */
  http2Requests?: number;
  /** The name of the configuration file. @default 'configuration' */
  fileName?: string;
  /** Replaces the ports, paths and names of a block. Every one of them has to occur. */
  replacements(values: TestValues): readonly (readonly [string, string])[];
  /**
   * Returns a whole configuration that contains the block, and the arguments of the program.
   *
   * @param file the path that the configuration will have
   */
  command(block: string, file: string, values: TestValues): Command | Promise<Command>;
}

const toServer = ({ serverPort }: TestValues) =>
  ['127.0.0.1:3000', `127.0.0.1:${serverPort}`] as const;
const certificate = (from: string, { folder }: TestValues, ...names: string[]) =>
  names.map((name) => [`${from}/${name}`, `${folder}/${name}`] as const);

export const NGINX: Proxy = {
  name: 'nginx',
  language: 'nginx',
  path: '/usr/sbin/nginx',
  scheme: 'https',
  versions: ['HTTP/1.1', 'HTTP/2'],
  replacements: (values) => [
    toServer(values),
    ['listen 443', `listen 127.0.0.1:${values.port}`],
    ...certificate('/etc/nginx', values, 'agents.crt', 'agents.key'),
  ],
  command: (block, file, { folder }) => ({
    configuration: `
      pid ${folder}/nginx.pid;
      error_log stderr;
      events {}
      http {
        access_log off;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
          .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
          .join('\n')}
        ${block}
      }`,
    args: ['-p', folder, '-c', file, '-g', 'daemon off; master_process off;'],
  }),
};

const HAPROXY: Proxy = {
  name: 'HAProxy',
  language: 'haproxy',
  path: '/usr/sbin/haproxy',
  scheme: 'https',
  versions: ['HTTP/1.1', 'HTTP/2'],
  replacements: (values) => [
    toServer(values),
    ['bind :443', `bind 127.0.0.1:${values.port}`],
    ...certificate('/etc/haproxy', values, 'agents.pem'),
  ],
  command: (block, file) => ({ configuration: block, args: ['-db', '-f', file] }),
};

/** The modules that `docs/proxies.md` enables. */
export const APACHE_MODULES: readonly string[] = ['http2', 'proxy', 'proxy_http', 'ssl'];

const APACHE: Proxy = {
  name: 'Apache',
  language: 'apache',
  path: '/usr/sbin/apache2',
  scheme: 'https',
  versions: ['HTTP/1.1', 'HTTP/2'],
  noticesByWriting: true,
  http2Requests: 6,
  replacements: (values) => [
    toServer(values),
    ['*:443', `127.0.0.1:${values.port}`],
    ...certificate('/etc/apache2', values, 'agents.crt', 'agents.key'),
  ],
  command: async (block, file, { folder, port }) => {
    const available = '/etc/apache2/mods-available';
    // Those that Debian enables, and those of `a2enmod` in the document.
    const defaults = await readdir('/etc/apache2/mods-enabled');
    // `a2enmod ssl` enables the last one, too.
    const added = [...APACHE_MODULES, 'socache_shmcb'].map((name) => `${name}.load`);
    return {
      configuration: [
        `ServerRoot ${folder}`,
        `DefaultRuntimeDir ${folder}`,
        `PidFile ${folder}/apache.pid`,
        'ErrorLog |/bin/cat',
        'ServerName localhost',
        'User www-data',
        'Group www-data',
        ...[...new Set([...defaults.filter((name) => name.endsWith('.load')), ...added])].map(
          (name) => `Include ${available}/${name}`,
        ),
        ...defaults
          .filter((name) => /^(?:mpm|reqtimeout|deflate|mime|setenvif)/.test(name))
          .filter((name) => name.endsWith('.conf'))
          .map((name) => `Include ${available}/${name}`),
        `Listen 127.0.0.1:${port}`,
        block,
      ].join('\n'),
      args: ['-f', file, '-D', 'FOREGROUND'],
    };
  },
};

export const VARNISH: Proxy = {
  name: 'Varnish',
  language: 'vcl',
  path: '/usr/sbin/varnishd',
  scheme: 'http',
  versions: ['HTTP/1.1'],
  replacements: ({ serverPort }) => [['.port = "3000"', `.port = "${serverPort}"`]],
  command: (block, file, { folder, port }) => ({
    configuration: block,
    args: ['-F', '-n', folder, '-a', `127.0.0.1:${port}`, '-f', file, '-s', 'malloc,16m'],
  }),
};

const SQUID: Proxy = {
  name: 'Squid',
  language: 'squid',
  path: '/usr/sbin/squid',
  scheme: 'http',
  versions: ['HTTP/1.1'],
  replacements: ({ port, serverPort }) => [
    ['http_port 80', `http_port 127.0.0.1:${port}`],
    ['parent 3000', `parent ${serverPort}`],
  ],
  command: (block, file, { folder }) => ({
    configuration: [
      `pid_filename ${folder}/squid.pid`,
      `coredump_dir ${folder}`,
      'cache_log /dev/null',
      'access_log none',
      'netdb_filename none',
      'pinger_enable off',
      'visible_hostname localhost',
      'shutdown_lifetime 0 seconds',
      block,
    ].join('\n'),
    args: ['-N', '-d', '1', '-f', file],
  }),
};

const LIGHTTPD: Proxy = {
  name: 'lighttpd',
  language: 'lighttpd',
  path: '/usr/sbin/lighttpd',
  scheme: 'https',
  versions: ['HTTP/1.1', 'HTTP/2'],
  noticesByWriting: true,
  http2Requests: 8,
  replacements: (values) => [
    ['"port" => 3000', `"port" => ${values.serverPort}`],
    ['":443"', `"127.0.0.1:${values.port}"`],
    ...certificate('/etc/lighttpd', values, 'agents.pem'),
  ],
  command: async (block, file, { folder, port }) => {
    await mkdir(`${folder}/root`, { recursive: true });
    return {
      configuration: [
        `server.document-root = "${folder}/root"`,
        `server.upload-dirs = ("${folder}")`,
        'server.bind = "127.0.0.1"',
        `server.port = ${port}`,
        block,
      ].join('\n'),
      args: ['-D', '-f', file],
    };
  },
};

const CADDY: Proxy = {
  name: 'Caddy',
  language: 'caddyfile',
  path: '/usr/bin/caddy',
  scheme: 'https',
  versions: ['HTTP/1.1', 'HTTP/2'],
  replacements: (values) => [
    toServer(values),
    [
      'agents.example.com {',
      `agents.example.com:${values.port} {\nbind 127.0.0.1\ntls ${values.folder}/agents.crt ${values.folder}/agents.key`,
    ],
  ],
  command: (block, file) => ({
    configuration: `{\nadmin off\ngrace_period 1s\nauto_https disable_redirects\n}\n${block}`,
    args: ['run', '--config', file, '--adapter', 'caddyfile'],
  }),
};

export const PROXIES: readonly Proxy[] = [NGINX, HAPROXY, APACHE, VARNISH, SQUID, LIGHTTPD, CADDY];
