import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { bubblewrapSandbox } from '../../src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
import { describeNeeding } from '../support/needs.js';
import { SandboxBench } from './sandbox-bench.js';

const sandbox = bubblewrapSandbox({ network: true });

/** Requests a URL through the proxy of its environment, and prints the answer. */
const GET = `const http = require('node:http'); const proxy = new URL(process.env.HTTP_PROXY);
  for (const path of process.argv.slice(1)) {
    http.get({ host: proxy.hostname, port: proxy.port, path }, (answer) => answer.pipe(process.stdout));
  }`;

describeNeeding(await sandbox.check())('The network of a program in bubblewrap', () => {
  let bench: SandboxBench;
  let server: Server;
  let proxySocket: string;

  beforeEach(async () => {
    bench = new SandboxBench(sandbox);
    // Its name has characters that separate addresses of socat.
    proxySocket = join(bench.folder, 'p,roxy:"1".sock');
    server = createServer(({ url }, answer) => answer.end(`[${url}]`)).listen(proxySocket);
    await once(server, 'listening');
  });

  afterEach(async () => {
    await bench.close();
    server.closeAllConnections();
    server.close();
  });

  it('is the proxy alone, which is reachable at once', async () => {
    const command = { command: process.execPath, args: ['-e', GET, 'http://example.org/'] };
    const started = bench.start(command, { proxySocket });
    expect([await started.ended, started.output]).toEqual([0, '[http://example.org/]']);
  });

  it('takes many connections at a time', async () => {
    const paths = Array.from({ length: 40 }, (_, index) => `http://example.org/${index}`);
    const started = bench.start(
      { command: process.execPath, args: ['-e', GET, ...paths] },
      { proxySocket },
    );
    expect(await started.ended).toBe(0);
    const answers = started.output.slice(1, -1).split('][');
    expect(answers.sort()).toEqual(paths.sort());
  });

  it('is described in the variables that programs read', async () => {
    const output = await bench.run('env | grep -i proxy | sort', { proxySocket });
    const proxy = 'http://127.0.0.1:3128';
    const direct = 'localhost,127.0.0.1,::1';
    expect(output.trim().split('\n').sort()).toEqual(
      [
        `ALL_PROXY=${proxy}`,
        `HTTPS_PROXY=${proxy}`,
        `HTTP_PROXY=${proxy}`,
        'NODE_USE_ENV_PROXY=1',
        `NO_PROXY=${direct}`,
        `all_proxy=${proxy}`,
        `http_proxy=${proxy}`,
        `https_proxy=${proxy}`,
        `no_proxy=${direct}`,
      ].sort(),
    );
  });

  it('lets a program end while connections are open', async () => {
    server.removeAllListeners('request');
    const requested = once(server, 'request');
    const args = ['-e', `${GET} process.stdin.resume().once('end', () => process.exit(4));`, '/'];
    const started = bench.start({ command: process.execPath, args }, { proxySocket });
    const [request] = (await requested) as [{ socket: import('node:net').Socket }];
    const closed = once(request.socket, 'close');
    started.process.stdin.end();
    expect(await started.ended).toBe(4);
    await closed;
  });

  it('does not exist without a proxy', async () => {
    const script = `env | grep -ci proxy; wc -l < /proc/net/tcp; ls /sys 2>&1; cat /proc/net/route | wc -l`;
    const output = await bench.run(`${script}; :`);
    expect(output.split('\n').slice(0, 2)).toEqual(['0', '1']);
    expect(output).toContain('No such file');
  });
});
