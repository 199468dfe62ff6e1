import { expect, it } from '@jest/globals';
import { remountOptions } from '../../src/agent-webkit/sandbox/bubblewrap/own-devices.js';

const ROOT = '23 1 254:0 / / rw,noatime - ext4 /dev/vda rw';
const DEVICES =
  '24 23 0:6 / /dev rw,nosuid,noexec,relatime shared:2 - devtmpfs devtmpfs rw,mode=755';
const BELOW = '25 24 0:7 / /dev/pts rw,noexec - devpts devpts rw';

it.each([
  ['of a file system of its own', [ROOT, DEVICES, BELOW], 'nosuid,noexec,relatime'],
  ['of a folder of the root', [ROOT, BELOW], 'noatime'],
  [
    'of the last of several mounts',
    [DEVICES, DEVICES.replace('nosuid,', 'ro,'), ROOT],
    'noexec,relatime',
  ],
])('the options %s are kept when /dev is made read-only', (_, mounts, kept) => {
  expect(remountOptions(`${mounts.join('\n')}\n`)).toBe(`remount,bind,ro,${kept}`);
});
