import { once } from 'node:events';
import { createServer as createTcp, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createServer,
  type TLSSocket,
} from 'node:tls';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readServerName } from '../../src/agent-webkit/gateway/network/client-hello.js';
import { NetworkBench, readToEnd, readUntil } from './support/network-bench.js';

/** TLS that needs no certificate. */
const PSK: ConnectionOptions = {
  ciphers: 'PSK',
  maxVersion: 'TLSv1.2',
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ psk: Buffer.alloc(16, 1), identity: 'agent' }),
};

let bench: NetworkBench;
/** The names for which agents opened TLS at the server. */
let names: string[];
beforeEach(async () => {
  bench = new NetworkBench();
  names = [];
  const server = createServer(
    { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => Buffer.alloc(16, 1) },
    (socket) => {
      names.push((socket as TLSSocket & { servername: string }).servername);
      socket.on('error', () => undefined);
      socket.end('hello');
    },
  );
  const port = await bench.listen(server);
  await bench.open({ allow: ['example.org', 'other.example', '*.example.net'] }, { 443: port });
});
afterEach(() => bench.close());

async function openTunnel(authority: string, { connect } = bench): Promise<Socket> {
  const socket = connect();
  socket.write(`CONNECT ${authority} HTTP/1.1\r\n\r\n`);
  expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  return socket;
}

async function openTls(socket: Socket, servername?: string): Promise<string> {
  const secure = connectTls({ ...PSK, socket, ...(servername !== undefined && { servername }) });
  const [failed] = await Promise.race([
    once(secure, 'data').then(() => [null]),
    once(secure, 'error') as Promise<[Error]>,
  ]).catch((error: Error) => [error]);
  secure.destroy();
  return failed?.message ?? 'hello';
}

describe('TLS in a tunnel', () => {
  it.each([
    ['example.org:443', 'example.org'],
    ['EXAMPLE.org.:443', 'Example.ORG'],
    ['a.b.example.net:443', 'a.b.example.net'],
  ])('reaches the host for which it is opened: %s', async (authority, servername) => {
    expect(await openTls(await openTunnel(authority), servername)).toBe('hello');
    expect(names).toEqual([servername]);
    expect(bench.warnings).toEqual([]);
  });

  it.each([
    ['the name of a host that is not permitted', 'evil.example'],
    ['the name of another permitted host', 'other.example'],
    ['no name', undefined],
  ])('does not reach the host with %s, and is logged', async (_what, servername) => {
    const message = await openTls(await openTunnel('example.org:443'), servername);
    expect(message).toMatch(/unrecognized name/i);
    expect(names).toEqual([]);
    expect(bench.warnings).toEqual([
      'Network of session a-session: refused a request. A tunnel to example.org had neither HTTP nor TLS for this name.',
    ]);
  });

  it('reaches the host when its first message arrives byte by byte, or together with CONNECT', async () => {
    const hello = await helloFor('example.org');
    const slow = await openTunnel('example.org:443');
    for (const byte of hello) {
      slow.write(Buffer.from([byte]));
      await new Promise(setImmediate); // oxlint-disable-line no-await-in-loop -- each in a packet of its own
    }
    const [answer] = (await once(slow, 'data')) as [Buffer];
    expect(answer[0]).toBe(0x16);
    slow.destroy();

    const fast = bench.connect();
    fast.write(Buffer.concat([Buffer.from('CONNECT example.org:443 HTTP/1.1\r\n\r\n'), hello]));
    expect(await readUntil(fast, '\r\n\r\n\x16')).toMatch(/^HTTP\/1.1 200 /);
    fast.destroy();
  });
});

describe('Another protocol in a tunnel', () => {
  it.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['SMTP', 'EHLO example.org\r\nMAIL FROM:<a@example.org>\r\n'],
    ['Redis', '*1\r\n$4\r\nPING\r\n'],
    ['a version of HTTP that is not HTTP/1', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['random bytes', '\x00\x01\x02\x03'],
    ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x28'],
    ['TLS of version 2', '\x80\x2e\x01\x00\x02'],
  ])('reaches nothing: %s', async (_name, text) => {
    const received: string[] = [];
    const port = await bench.listen(
      createTcp((socket) => socket.on('data', (data) => received.push(data.toString('latin1')))),
    );
    const others = new NetworkBench();
    await others.open({}, { 443: port });
    const socket = await openTunnel('example.org:443', others);
    socket.write(Buffer.from(text, 'latin1'));
    await readToEnd(socket);
    expect(received).toEqual([]);
    await others.close();
  });
});

/** Returns the first message of a TLS client. */
async function helloFor(servername: string): Promise<Buffer> {
  const server = createTcp();
  const port = await bench.listen(server);
  const client = connectTls({ ...PSK, host: '127.0.0.1', port, servername });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  return hello;
}

const entry = (name: string): number[] => [0, 0, name.length, ...Buffer.from(name)];
const list = (...hosts: string[]): number[] => {
  const entries = hosts.flatMap(entry);
  return [0, 0, 0, entries.length + 2, 0, entries.length, ...entries];
};
const helloWith = (extensions: number[]): Buffer => {
  const body = [3, 3, ...Array<number>(32).fill(7), 0, 0, 2, 0x13, 1, 1, 0];
  const all = [...body, extensions.length >> 8, extensions.length & 255, ...extensions];
  const handshake = [1, 0, all.length >> 8, all.length & 255, ...all];
  return Buffer.from([0x16, 3, 1, handshake.length >> 8, handshake.length & 255, ...handshake]);
};

describe('The server name in a first message', () => {
  it('is not read from a message that is cut, and is read however it is divided into records', async () => {
    const hello = await helloFor('example.org');
    expect(readServerName(hello)).toEqual({ kind: 'name', name: 'example.org' });
    for (let length = 0; length < hello.length; length += 1) {
      const found = readServerName(hello.subarray(0, length));
      const needs = found.kind === 'incomplete' ? found.needs : 0;
      expect([needs > length, needs <= hello.length]).toEqual([true, true]);
    }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }), (sizes) => {
        const divided = divide(hello.subarray(5), sizes);
        expect(readServerName(divided)).toEqual({ kind: 'name', name: 'example.org' });
      }),
    );
  });

  it('is never one that the message does not have, whatever its bytes are', async () => {
    const hello = await helloFor('example.org');
    fc.assert(
      fc.property(fc.nat(hello.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(hello);
        changed[at] = byte;
        const found = readServerName(changed);
        if (found.kind === 'name') expect(changed.toString('latin1')).toContain(found.name);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const message = Buffer.concat([Buffer.from([0x16, 3, 1, 1, 0x20, 1, 0, 1, 0x1c]), bytes]);
        expect(['incomplete', 'none', 'name']).toContain(readServerName(message).kind);
      }),
    );
  });

  it('is none when there are several, in one list or in two extensions', () => {
    expect(readServerName(helloWith(list('a.example')))).toEqual({
      kind: 'name',
      name: 'a.example',
    });
    expect(readServerName(helloWith(list('a.example', 'b.example'))).kind).toBe('none');
    expect(readServerName(helloWith([...list('a.example'), ...list('b.example')])).kind).toBe(
      'none',
    );
    expect(readServerName(helloWith([])).kind).toBe('none');
  });
});

/** Divides a handshake message into TLS records of these sizes, and a last one with the rest. */
function divide(handshake: Buffer, sizes: readonly number[]): Buffer {
  const records: Buffer[] = [];
  let rest = handshake;
  for (const size of [...sizes, 100, 100, 100, 100, 100]) {
    const part = rest.subarray(0, size);
    rest = rest.subarray(size);
    if (part.length > 0) records.push(Buffer.from([0x16, 3, 1, 0, part.length]), part);
  }
  return Buffer.concat(records);
}
