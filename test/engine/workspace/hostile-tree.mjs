// Fills the current directory with everything that a program may leave to prevent its removal.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';

const [outside, files] = process.argv.slice(2);
const bytes = (...codes) => Buffer.from([0x66, ...codes]);

fs.symlinkSync(outside, 'link-to-folder');
fs.symlinkSync(`${outside}/kept`, 'link-to-file');
fs.symlinkSync('nowhere', 'broken-link');
fs.symlinkSync('loop', 'loop');
fs.linkSync(`${outside}/kept`, 'hard-link');
fs.writeFileSync(bytes(0xff, 0xfe), '');
fs.mkdirSync(bytes(0xc3, 0x28));
fs.writeFileSync(Buffer.concat([bytes(0xc3, 0x28), Buffer.from('/inside')]), '');
fs.writeFileSync('new\nline', '');
fs.writeFileSync('-rf', '');
fs.writeFileSync('\\', '');
spawnSync('mkfifo', ['fifo']);
const server = net.createServer().listen('socket');
await new Promise((resolve) => server.once('listening', resolve));
// The socket stays when the process does not close it.

fs.mkdirSync('many');
for (let n = 0; n < Number(files); n += 1) fs.writeFileSync(`many/${n}`, '');

// Deeper than any path can be.
const deep = 'd'.repeat(200);
for (let level = 0; level < 400; level += 1) {
  fs.mkdirSync(deep);
  process.chdir(deep);
  if (level % 50 === 0) fs.writeFileSync('file', '');
  if (level === 300) {
    fs.mkdirSync('closed/inner', { recursive: true });
    fs.writeFileSync('closed/inner/file', '');
    fs.chmodSync('closed/inner', 0);
    fs.chmodSync('closed', 0);
  }
}
fs.chmodSync('.', 0o500);
process.kill(process.pid, 'SIGKILL');
