// Measures the memory of this process that is in use after a garbage collection.
import { getHeapCodeStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/**
 * Returns, in bytes: the JavaScript heap, the compiled code in it (which grows while a program runs), the
 * buffers outside the heap, and the resident memory of the process.
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
