// What is measured runs in a process of its own, apart from who measures it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts a module, given as a `file:` URL, in a process of its own. */
export function start(module, args = []) {
  return fork(fileURLToPath(module), args, { stdio: 'inherit' });
}

/** Resolves to what the process says next; rejects when it ends without a word. */
export function said(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code, signal) => {
      reject(new Error(`A benchmark's process ended (${signal ?? code}).`));
    };
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

/** Resolves to its answer to one request. */
export function ask(child, request) {
  const answer = said(child);
  child.send(request);
  return answer;
}
