import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  createProfile,
  type ProfileWalls,
} from '../../../src/agent-webkit/sandbox/sandbox-exec/profile.js';

const WALLS = {
  program: '/apps/node_modules/agent/claude',
  system: ['/usr'],
  readOnly: ['/given'],
  writable: ['/work/sessions/one', '/work/.agent-webkit/homes/one'],
  hidden: ['/work/.agent-webkit'],
  sockets: ['/run/model.sock'],
  proxyPort: null,
};

/** Returns the profile with its paths in place of the parameters. */
function expanded(walls: Partial<ProfileWalls> = {}): string {
  const { text, parameters } = createProfile({ ...WALLS, ...walls });
  return text.replaceAll(/\(param "(\w+)"\)/g, (_, name: string) => `<${parameters[name]}>`);
}

/** Returns the last rule about an operation on a folder: `allow`, `deny`, or null. */
function lastRule(profile: string, operation: string, filter: string): string | null {
  const rules = profile
    .split('\n')
    .filter((line) => line.includes(filter) && line.includes(operation));
  return /^\((\w+)/.exec(rules.at(-1) ?? '')?.[1] ?? null;
}

describe('The profile of sandbox-exec', () => {
  it('denies everything that it does not list', () => {
    expect(expanded().startsWith('(version 1)\n(deny default)\n')).toBe(true);
    expect(expanded()).not.toMatch(
      /allow (default|network\*|file\*|mach\*|mach-lookup\)|sysctl\*)/,
    );
  });

  it('has no network but the listed sockets', () => {
    const network = expanded().match(/^.*network.*$/gm);
    expect(network).toEqual(['(allow network-outbound (literal </run/model.sock>))']);
    expect(expanded({ sockets: [] })).not.toContain('network');
  });

  it('has the port of its proxy on loopback, and no other', () => {
    const network = expanded({ proxyPort: 4711 }).match(/^.*\(remote .*$/gm);
    expect(network).toEqual(['(allow network-outbound (remote ip "localhost:4711"))']);
  });

  it('decides by the innermost folder, as the homes are in a hidden one', () => {
    const profile = expanded({ writable: ['/work', '/work/.agent-webkit/homes/one'] });
    expect(lastRule(profile, 'file-write*', '(subpath </work>)')).toBe('allow');
    const order = ['</work>', '</work/.agent-webkit>', '</work/.agent-webkit/homes/one>'].map(
      (path) => profile.indexOf(`(subpath ${path})`),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(lastRule(profile, 'file-read*', '(subpath </work/.agent-webkit>)')).toBe('deny');
    expect(lastRule(profile, 'file-write*', 'homes/one>')).toBe('allow');
  });

  it('lets nothing write a given folder, or rename a folder around it or around a hidden one', () => {
    const profile = expanded({ writable: ['/work'], readOnly: ['/work/a/given'] });
    expect(lastRule(profile, 'file-write*', '(subpath </work/a/given>)')).toBe('deny');
    for (const path of ['/work', '/work/a']) {
      expect(lastRule(profile, 'file-write-unlink', `(literal <${path}>)`)).toBe('deny');
    }
    expect(profile).not.toContain('file-link');
  });

  it('contains none of the characters of a path, and keeps each path as a parameter', () => {
    const piece = fc.constantFrom(
      '"',
      '\\',
      '\n',
      ')',
      '(allow default)',
      "'",
      ';',
      ' ',
      '=',
      'é',
      '-D',
      '$(id)',
      '..',
    );
    const path = fc
      .array(fc.oneof(piece, fc.string({ minLength: 1, maxLength: 5 })), {
        minLength: 1,
        maxLength: 6,
      })
      .map((parts) => `/${parts.join('').replaceAll('\0', '')}`);
    fc.assert(
      fc.property(fc.array(path, { minLength: 6, maxLength: 6 }), (paths) => {
        const [a, b, c, d, e, f] = paths as [string, string, string, string, string, string];
        const walls = {
          program: a,
          system: [b],
          readOnly: [c],
          writable: [d],
          hidden: [e],
          sockets: [f],
        };
        const { text, parameters } = createProfile({ ...walls, proxyPort: null });
        expect(Object.values(parameters)).toEqual(expect.arrayContaining(paths));
        const strings = text.match(/"[^"]*"/g) ?? [];
        expect(strings.filter((one) => !/^"[\w./]+"$/.test(one))).toEqual([]);
        const rest = text.replaceAll(/"[^"]*"/g, '');
        expect(rest).toMatch(/^[\w\s()*/.-]+$/);
        expect(rest.split('(')).toHaveLength(rest.split(')').length);
      }),
    );
  });
});
