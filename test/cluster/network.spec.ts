import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Program } from '../support/program.js';
import { describeNetwork, Network, type NetworkHost } from './network.js';

describeNetwork('a network of hosts', () => {
  let network: Network;
  const server = createServer((_, response) => response.end('here'));
  beforeEach(async () => {
    network = await Network.create(2);
    server.listen(0, network.address);
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.close();
    await network.remove();
  });

  async function get(host: NetworkHost): Promise<string> {
    const { port } = server.address() as AddressInfo;
    const script = `
      fetch('http://${network.address}:${port}', { signal: AbortSignal.timeout(1000) })
        .then((response) => response.text())
        .then((text) => console.log(text), ({ name }) => console.log(name))`;
    const [command, ...args] = host.command(process.execPath, ['-e', script]);
    const program = new Program(command, args);
    await program.ended();
    return program.output.trim();
  }

  it('drops the packets of one host to a port until it is healed', async () => {
    const [cut, whole] = network.hosts as [NetworkHost, NetworkHost];
    expect(await get(cut)).toBe('here');

    await cut.cut((server.address() as AddressInfo).port);
    expect(await get(cut)).toBe('TimeoutError');
    expect(await get(whole)).toBe('here');

    await cut.heal();
    expect(await get(cut)).toBe('here');
  }, 120_000);
});
