import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { bubblewrapSandbox } from '../../src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
import { describeNeeding, itOnly } from '../support/needs.js';
import { NODE_FOLDER } from '../support/node-folder.js';
import { type LoopbackHosts, startHosts } from './support/loopback-hosts.js';
import { NetworkBench } from './support/network-bench.js';
import { NO_LIMITS } from '../support/walls.js';

function missingPrograms(): string | null {
  const missing = ['curl', 'git', 'npm', 'openssl', 'python3', 'socat'].filter((name) => {
    try {
      execFileSync('which', [name], { stdio: 'pipe' });
      return false;
    } catch {
      return true;
    }
  });
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`;
}

const needs = (await bubblewrapSandbox().check()) ?? missingPrograms();

let bench: NetworkBench;
let hosts: LoopbackHosts;
let folder: string;
let outside: string;

/** Runs a shell script in the sandbox. Resolves to everything that it printed. */
async function run(script: string, hasNetwork = true): Promise<string> {
  const authority = hosts.authority;
  const started = bubblewrapSandbox().start(
    {
      command: '/bin/sh',
      args: ['-c', `{ ${script}\n} 2>&1`],
      cwd: folder,
      env: {
        PATH: `${NODE_FOLDER}/bin:/usr/bin:/bin`,
        HOME: folder,
        CURL_CA_BUNDLE: authority,
        GIT_SSL_CAINFO: authority,
        NODE_EXTRA_CA_CERTS: authority,
        SSL_CERT_FILE: authority,
        npm_config_cafile: authority,
        npm_config_registry: 'https://npm.example.org/',
        npm_config_audit: 'false',
        npm_config_fetch_retries: '0',
      },
    },
    {
      writable: [folder],
      readOnly: [authority, ...(NODE_FOLDER === '/usr' ? [] : [NODE_FOLDER])],
      hidden: [],
      sockets: [],
      proxySocket: hasNetwork ? bench.socket : null,
      limits: { ...NO_LIMITS, tempBytes: 64 * 1024 ** 2 },
    },
  );
  started.stdin.end();
  return text(started.stdout);
}

describeNeeding(needs)('A program in the sandbox', () => {
  beforeEach(async () => {
    outside = mkdtempSync(join(realpathSync(tmpdir()), 'hosts-'));
    folder = join(outside, 'session');
    mkdirSync(folder);
    bench = new NetworkBench();
    hosts = await startHosts(bench, outside);
    await bench.open({ allow: ['*.example.org'] }, hosts.ports);
  });
  afterEach(async () => {
    await bench.close();
    rmSync(outside, { recursive: true });
  });

  it.each([
    ['curl', 'curl -sS https://files.example.org/hello'],
    ['curl without TLS', 'curl -sS http://files.example.org/hello'],
    [
      'Python',
      `/usr/bin/python3 -c 'import urllib.request as r; print(r.urlopen("https://files.example.org/hello").read().decode())'`,
    ],
    [
      'Python without TLS',
      `/usr/bin/python3 -c 'import urllib.request as r; print(r.urlopen("http://files.example.org/hello").read().decode())'`,
    ],
  ])('reaches a permitted host by %s', async (_name, script) => {
    expect(await run(script)).toContain('hello from the host');
    expect(hosts.requests).toEqual(['GET files.example.org/hello']);
  });

  it('clones a repository by git', async () => {
    expect(await run('git clone -q https://git.example.org/repo.git && cat repo/file')).toBe(
      'of the repository\n',
    );
  });

  it('installs a package by npm', async () => {
    expect(await run('npm install small && cat node_modules/small/package.json')).toContain(
      '"version":"1.0.0"',
    );
    expect(hosts.requests).toContain('GET files.example.org/small.tgz');
  });

  itOnly(
    Number(process.versions.node.split('.')[0]) < 24 ? 'Node.js has no proxy before 24' : null,
  )('reaches a permitted host by fetch of Node.js', async () => {
    for (const url of ['https://files.example.org/hello', 'http://files.example.org/hello']) {
      const script = `node -e 'fetch("${url}").then((r) => r.text()).then(console.log)'`;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await run(script)).toContain('hello from the host');
    }
  });

  it.each([
    [
      'curl',
      'curl -sS -v https://evil.example/',
      'Host evil.example is not permitted by network.allow',
    ],
    [
      'curl without TLS',
      'curl -sS http://evil.example/',
      'permits hosts by the option `network.allow`',
    ],
    [
      'Python',
      `/usr/bin/python3 -c 'import urllib.request as r; r.urlopen("https://evil.example/")'`,
      '403 Host evil.example is not permitted by network.allow',
    ],
    ['git', 'git clone https://evil.example/repo.git', '403'],
    ['npm', 'npm install small --registry https://evil.example/', '403'],
  ])('sees by %s that a host is not permitted', async (_name, script, message) => {
    expect(await run(script)).toContain(message);
    expect(bench.reached).toEqual([]);
    expect(bench.warnings).toHaveLength(1);
  });

  it('has no way around the proxy', async () => {
    const port = await bench.listen(createServer((socket) => socket.end('answered by the server')));
    const output = await run(
      [
        `curl -sS --noproxy '*' --max-time 5 http://127.0.0.1:${port}/`,
        `curl -sS --max-time 5 http://127.0.0.1:${port}/`,
        `curl -sS --noproxy '*' --max-time 5 http://93.184.215.14/`,
        `curl -sS --noproxy '*' --max-time 5 https://files.example.org/hello`,
        'curl -sS -x http://127.0.0.1:3128 http://169.254.169.254/latest/meta-data/',
        `curl -sS -x http://127.0.0.1:3128 --proxytunnel http://127.0.0.1:${port}/`,
        'getent hosts files.example.org || echo no name',
        'cat /proc/net/unix | grep -c @',
        'ls /sys/class/net /proc/net/route 2>&1; cat /proc/net/dev | tail -n +3 | cut -d: -f1',
      ].join('\n'),
    );
    expect(output).not.toContain('answered');
    expect(output).toContain('no name\n0\n');
    expect(output).toMatch(/ lo\n$/);
    expect(bench.reached).toEqual([]);
  });

  it('reaches nothing where no host is permitted, and learns it at once', async () => {
    const output = await run(
      [
        'curl -sS https://files.example.org/hello',
        `/usr/bin/python3 -c 'import socket; socket.create_connection(("93.184.215.14", 443))'`,
        `/usr/bin/python3 -c 'import socket; socket.getaddrinfo("files.example.org", 443)'`,
        'env | grep -ci proxy',
      ].join('\n'),
      false,
    );
    expect(output).toMatch(/Could not resolve host/);
    expect(output).toMatch(/Network is unreachable/);
    expect(output).toMatch(/name resolution|Name or service not known/);
    expect(output).toMatch(/\n0\n$/);
    expect([bench.reached, hosts.requests]).toEqual([[], []]);
  });
});
