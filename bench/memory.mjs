// The memory of a process that is in use after a collection.
import { getHeapCodeStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/**
 * In bytes: JavaScript's own heap, how much of it is compiled code, of which there is more the longer
 * a program runs, the buffers beside it, and all that the system gave the process.
 */
export function memory() {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const code = getHeapCodeStatistics();
  return {
    heapBytes: heapUsed,
    codeBytes: code.code_and_metadata_size + code.bytecode_and_metadata_size,
    bufferBytes: external,
    residentBytes: rss,
  };
}
