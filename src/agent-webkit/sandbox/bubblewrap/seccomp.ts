/**
 * The filter of system calls of a sandbox, as a program of the classic Berkeley Packet Filter, which bubblewrap
 * gives to the kernel. It refuses what namespaces do not separate:
 *
 * - sockets other than Unix, IP and netlink ones: VSOCK, for example, reaches the host of a virtual machine
 * - the keys that the server has in the kernel
 * - putting input into a terminal
 * - set-user-ID files: on the disk, they would give other users of the machine the rights of the server
 * - memory that belongs to no process and no folder, so that nothing counts it: `memfd_create`, and large segments
 *   of System V
 * - parts of the kernel with a history of vulnerabilities that agents do not need
 */

/** The numbers of the system calls of an architecture; null for one that it does not have. */
interface Architecture {
  /** The kernel's constant for it. */
  readonly audit: number;
  /** The first number of another set of calls of this architecture. */
  readonly otherCalls: number | null;
  /** Calls that do not exist inside. */
  readonly absent: readonly number[];
  readonly socket: number;
  readonly ioctl: number;
  /** Calls that take memory of the kernel, each with the index of the size and the largest one. */
  readonly sizes: readonly (readonly [call: number, size: number, most: number])[];
  /** Calls that set the mode of a file, each with the index of its argument. */
  readonly modes: readonly (readonly [call: number, mode: number])[];
  /** Calls that may create a file, each with the indexes of its flags and of its mode. */
  readonly opens: readonly (readonly [call: number, flags: number, mode: number])[];
}

/** openat2 has its mode in memory, where a filter cannot read it; then the io_uring calls, and memfd_secret. */
const ABSENT_EVERYWHERE = [437, 425, 426, 427, 447];
const FCHMODAT2 = [452, 2] as const;

/** The size of a segment of System V, in bytes. There can be 4096. PostgreSQL needs a small one. */
const MAX_SEGMENT = 64 * 1024;
/** The semaphores in a set of System V. There can be 32,000 sets. */
const MAX_SEMAPHORES = 64;

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    otherCalls: 0x40000000,
    // add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd, open_by_handle_at, memfd_create
    absent: [248, 249, 250, 321, 298, 323, 304, 319, ...ABSENT_EVERYWHERE],
    socket: 41,
    ioctl: 16,
    // shmget, semget
    sizes: [
      [29, 1, MAX_SEGMENT],
      [64, 1, MAX_SEMAPHORES],
    ],
    // chmod, fchmod, fchmodat, creat, mknod, mknodat
    modes: [[90, 1], [91, 1], [268, 2], [85, 1], [133, 1], [259, 2], FCHMODAT2],
    // open, openat
    opens: [
      [2, 1, 2],
      [257, 2, 3],
    ],
  },
  arm64: {
    audit: 0xc00000b7,
    otherCalls: null,
    absent: [217, 218, 219, 280, 241, 282, 265, 279, ...ABSENT_EVERYWHERE],
    socket: 198,
    ioctl: 29,
    sizes: [
      [194, 1, MAX_SEGMENT],
      [190, 1, MAX_SEMAPHORES],
    ],
    // fchmod, fchmodat, mknodat
    modes: [[52, 1], [53, 2], [33, 2], FCHMODAT2],
    // openat
    opens: [[56, 2, 3]],
  },
};

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK */
const SOCKET_FAMILIES = [1, 2, 10, 16];
/** TIOCSTI, TIOCLINUX */
const TERMINAL_INPUTS = [0x5412, 0x541c];
/** O_CREAT, and the flag of O_TMPFILE */
const CREATES = 0x40 | 0x400000;
const S_ISUID = 0o4000;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const ENOSPC = 28;

const ALLOW = 0x7fff0000;
const refusal = (error: number): number => 0x00050000 | error;

/** The offsets of the call's number, its architecture, and the lower half of an argument. */
const CALL = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;
const upperHalf = (index: number): number => argument(index) + 4;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const result = (value: number): Instruction => [0x06, 0, 0, value];
const ifEqual = (value: number, ifTrue: number, ifFalse: number): Instruction => [
  0x15,
  ifTrue,
  ifFalse,
  value,
];
const ifAtLeast = (value: number, ifTrue: number, ifFalse: number): Instruction => [
  0x35,
  ifTrue,
  ifFalse,
  value,
];
const ifAnyBit = (value: number, ifTrue: number, ifFalse: number): Instruction => [
  0x45,
  ifTrue,
  ifFalse,
  value,
];

/** Returns the instructions for one call, which end with a result. Other calls skip them. */
function onCall(call: number, body: readonly Instruction[]): Instruction[] {
  return [ifEqual(call, 0, body.length), ...body];
}

/** Returns the program in the byte order of the kernel; null for an architecture without one. */
export function seccompFilter(architecture: string = process.arch): Buffer | null {
  const calls = ARCHITECTURES[architecture];
  if (calls === undefined) return null;
  const refuseSetUserId = (mode: number) => [
    load(argument(mode)),
    ifAnyBit(S_ISUID, 0, 1),
    result(refusal(EPERM)),
    result(ALLOW),
  ];
  const program: Instruction[] = [
    load(ARCHITECTURE),
    ifEqual(calls.audit, 1, 0),
    result(refusal(ENOSYS)),
    load(CALL),
    ...(calls.otherCalls === null
      ? []
      : [ifAtLeast(calls.otherCalls, 0, 1), result(refusal(ENOSYS))]),
    ...calls.absent.flatMap((call) => onCall(call, [result(refusal(ENOSYS))])),
    ...onCall(calls.socket, [
      load(argument(0)),
      ...SOCKET_FAMILIES.flatMap((family) => [ifEqual(family, 0, 1), result(ALLOW)]),
      result(refusal(EAFNOSUPPORT)),
    ]),
    ...onCall(calls.ioctl, [
      load(argument(1)),
      ...TERMINAL_INPUTS.flatMap((input) => [ifEqual(input, 0, 1), result(refusal(EPERM))]),
      result(ALLOW),
    ]),
    ...calls.sizes.flatMap(([call, size, most]) =>
      onCall(call, [
        load(upperHalf(size)),
        ifEqual(0, 1, 0),
        result(refusal(ENOSPC)),
        load(argument(size)),
        ifAtLeast(most + 1, 0, 1),
        result(refusal(ENOSPC)),
        result(ALLOW),
      ]),
    ),
    ...calls.modes.flatMap(([call, mode]) => onCall(call, refuseSetUserId(mode))),
    ...calls.opens.flatMap(([call, flags, mode]) =>
      onCall(call, [
        load(argument(flags)),
        ifAnyBit(CREATES, 1, 0),
        result(ALLOW),
        ...refuseSetUserId(mode),
      ]),
    ),
    result(ALLOW),
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, ifTrue, ifFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
