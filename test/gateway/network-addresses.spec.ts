import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { networkInterfaces } from 'node:os';
import { isPublicAddress } from '../../src/agent-webkit/gateway/network/public-address.js';
import { NetworkBench, PUBLIC_ADDRESS } from './support/network-bench.js';

/** The ranges that no agent may reach, as a network, its length in bits, and a length of the whole address. */
const BLOCKED_V4: [network: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const BLOCKED_V6: [network: string, prefix: number][] = [
  ['::', 8],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:2::', 48],
  ['2001:10::', 28],
  ['2001:20::', 28],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

const v4 = (value: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
const groups = (value: bigint): string[] =>
  [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) =>
    ((value >> shift) & 65_535n).toString(16),
  );
const v6 = (value: bigint): string => groups(value).join(':');

const numberOfV4 = (text: string): bigint =>
  text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
const partsOf = (half: string): string[] => half.split(':').filter(Boolean);
function numberOfV6(text: string): bigint {
  const [left = '', right = ''] = text.split('::');
  const zeros = Array<string>(8 - partsOf(left).length - partsOf(right).length).fill('0');
  const all = [...partsOf(left), ...zeros, ...partsOf(right)];
  return all.reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

/** An address of one of the ranges, as a number. */
const addressIn = (
  ranges: [string, number][],
  bits: number,
  numberOf: (text: string) => bigint,
): fc.Arbitrary<bigint> =>
  fc.constantFrom(...ranges).chain(([network, prefix]) => {
    const size = 1n << BigInt(bits - prefix);
    const base = numberOf(network);
    // Also the first and the last address of a range.
    return fc
      .oneof(fc.bigInt(0n, size - 1n), fc.constantFrom(0n, size - 1n))
      .map((offset) => base + offset);
  });
const blockedV4 = addressIn(BLOCKED_V4, 32, numberOfV4);
const blockedV6 = addressIn(BLOCKED_V6, 128, numberOfV6);

describe('An address that a permitted name leads to', () => {
  it('is refused in every IPv4 range that is not public', () => {
    fc.assert(fc.property(blockedV4, (address) => !isPublicAddress(v4(address))));
  });

  it('is refused in every IPv6 range that is not public', () => {
    fc.assert(
      fc.property(blockedV6, (address) => {
        expect(isPublicAddress(v6(address))).toBe(false);
        expect(isPublicAddress(v6(address).toUpperCase())).toBe(false);
        expect(isPublicAddress(`${v6(address)}%eth0`)).toBe(false);
      }),
    );
  });

  it('is refused as IPv6 that contains an IPv4 address, public or not', () => {
    const any = fc.oneof(blockedV4, fc.bigInt(0n, (1n << 32n) - 1n));
    fc.assert(
      fc.property(any, (address) => {
        const hex = groups(address).slice(-2).join(':');
        const [high = '', low = ''] = hex.split(':');
        for (const spelling of [
          `::ffff:${v4(address)}`,
          `::ffff:${hex}`,
          `0:0:0:0:0:FFFF:${hex}`,
          `::${v4(address)}`,
          `::ffff:0:${v4(address)}`,
          `64:ff9b::${v4(address)}`,
          `64:ff9b::${hex}`,
          `2002:${high}:${low}::1`,
          `2001:0:${high}:${low}::1`,
        ]) {
          expect([spelling, isPublicAddress(spelling)]).toEqual([spelling, false]);
        }
      }),
    );
  });

  it.each([
    '169.254.169.254',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1%lo',
    '2606:4700::1111%eth0',
    '1.1.1',
    '0x01010101',
    '16843009',
    '01.01.01.01',
    'example.org',
    '',
  ])('is refused: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001::1',
    '3ffe::1',
  ])('is permitted beside such a range: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it('is refused when it is an address of the server itself', () => {
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    expect(own.length).toBeGreaterThan(0);
    for (const { address } of own) expect(isPublicAddress(address)).toBe(false);
  });
});

const octal = (part: number): string => `0${part.toString(8)}`;
const hex = (part: number): string => `0x${part.toString(16)}`;

/** Spellings of an IPv4 address that some program understands as one. */
function spellings(address: bigint): string[] {
  const parts = v4(address).split('.').map(Number);
  const [a = 0, b = 0] = parts;
  return [
    v4(address),
    `${v4(address)}.`,
    String(address),
    `0x${address.toString(16)}`,
    `0X${address.toString(16).toUpperCase()}`,
    `0${address.toString(8)}`,
    parts.map(octal).join('.'),
    parts.map(hex).join('.'),
    `${a}.${address & 0xff_ffffn}`,
    `${a}.${b}.${address & 0xffffn}`,
    `${octal(a)}.${hex(b)}.${address & 0xffffn}`,
    `[::ffff:${v4(address)}]`,
    `[::${v4(address)}]`,
    `::ffff:${v4(address)}`,
    `[64:ff9b::${v4(address)}]`,
    // Digits of other scripts, which are mapped to ASCII in URLs.
    v4(address)
      .replace(/\d/g, (digit) => '０１２３４５６７８９'[Number(digit)] ?? '')
      .replaceAll('.', '。'),
    v4(address).replace('.', '%2e'),
    `user@${v4(address)}`,
  ];
}

describe('A request for an IP address', () => {
  let bench: NetworkBench;
  beforeEach(async () => {
    bench = new NetworkBench();
    await bench.open({ allow: ['example.org', '*.example.org'] });
  });
  afterEach(() => bench.close());

  it('is refused in every spelling, and reaches nothing', async () => {
    const any = fc.oneof(blockedV4, fc.bigInt(0n, (1n << 32n) - 1n));
    await fc.assert(
      fc.asyncProperty(any, async (address) => {
        const answers = await Promise.all(
          spellings(address).flatMap((host) => [
            bench.say(`CONNECT ${host}:443 HTTP/1.1\r\n\r\n`),
            bench.say(`GET http://${host}/ HTTP/1.1\r\nConnection: close\r\n\r\n`),
          ]),
        );
        for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
        expect(bench.reached).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  it('is refused for IPv6 in every spelling', async () => {
    await fc.assert(
      fc.asyncProperty(blockedV6, async (address) => {
        const text = v6(address);
        for (const host of [`[${text}]`, text, `[${text}%25eth0]`, `[${text}%eth0]`]) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          expect(await bench.say(`CONNECT ${host}:443 HTTP/1.1\r\n\r\n`)).toMatch(
            /^HTTP\/1.1 4\d\d /,
          );
        }
        expect(bench.reached).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('The addresses of a permitted name', () => {
  let bench: NetworkBench;
  beforeEach(() => {
    bench = new NetworkBench();
  });
  afterEach(() => bench.close());
  const request = 'GET http://example.org/ HTTP/1.1\r\nConnection: close\r\n\r\n';

  it('are refused when none is public, without naming them', async () => {
    await bench.open({ lookup: () => Promise.resolve(['10.1.2.3', '::1', '169.254.169.254']) });
    const answer = await bench.say(request);
    expect(answer).toMatch(/^HTTP\/1.1 403 Host example.org has no public address\r\n/);
    expect(answer).not.toMatch(/10\.1\.2\.3|::1|169/);
    expect(bench.warnings).toHaveLength(1);
    expect(bench.reached).toEqual([]);
  });

  it('are connected to as far as they are public', async () => {
    const port = await bench.serve((_request, response) => response.end('hello'));
    const addresses = ['127.0.0.1', PUBLIC_ADDRESS, 'fe80::1'];
    await bench.open({ lookup: () => Promise.resolve(addresses) }, { 80: port });
    expect(await bench.say(request)).toMatch(/hello/);
    expect(bench.reached).toEqual([`${PUBLIC_ADDRESS}:80`]);
  });

  it('are resolved once for each connection, and checked, so that a name cannot change in between', async () => {
    const answers = [[PUBLIC_ADDRESS], ['127.0.0.1']];
    let lookups = 0;
    const port = await bench.serve((_request, response) => response.end('hello'));
    await bench.open({ lookup: () => Promise.resolve(answers[lookups++ % 2] ?? []) }, { 80: port });
    expect(await bench.say(request)).toMatch(/hello/);
    expect([lookups, bench.reached]).toEqual([1, [`${PUBLIC_ADDRESS}:80`]]);
    expect(await bench.say(request)).toMatch(/no public address/);
    expect([lookups, bench.reached]).toEqual([2, [`${PUBLIC_ADDRESS}:80`]]);
  });
});
