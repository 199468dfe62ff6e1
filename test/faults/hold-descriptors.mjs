// Loaded into a server with `node --import`. A line `hold 3` on its standard input opens files until only
// three file descriptors are left; `release` closes these files. Each is confirmed on standard output.
import { closeSync, openSync } from 'node:fs';

const held = [];

function hold(left) {
  const spare = Array.from({ length: left }, () => openSync('/dev/null'));
  try {
    for (;;) held.push(openSync('/dev/null'));
  } catch (error) {
    if (error.code !== 'EMFILE') throw error;
  }
  for (const descriptor of spare) closeSync(descriptor);
}

process.stdin.setEncoding('utf8').on('data', (text) => {
  for (const line of text.trim().split('\n')) {
    const [order, left] = line.split(' ');
    if (order === 'hold') hold(Number(left));
    else for (const descriptor of held.splice(0)) closeSync(descriptor);
    process.stdout.write(`${order} confirmed\n`);
  }
});
process.stdin.unref();
