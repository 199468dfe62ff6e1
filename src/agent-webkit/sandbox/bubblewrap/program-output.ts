import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { OUTPUT_FD } from './launcher.js';

/**
 * Opens the pipe to which a program inside will write its output. It ends when no process inside has it any more.
 *
 * @param launcher the process id of its parent on this machine
 * @param inside its process id inside
 * @throws when it has ended, or the system does not permit it
 */
export function openOutput(launcher: number, inside: number): Readable {
  const { O_RDONLY, O_NONBLOCK } = constants;
  const path = `/proc/${launcher}/root/proc/${inside}/fd/${OUTPUT_FD}`;
  const descriptor = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFIFO()) throw new Error(`${path} is no pipe.`);
    return new Socket({ fd: descriptor, readable: true, writable: false });
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
