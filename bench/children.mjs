// What is measured runs in a process of its own, apart from who measures it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long one answer may take. No benchmark waits for ever. */
const TIMEOUT_MS = 300_000;

/** Starts a module, given as a `file:` URL, in a process of its own. */
export function start(module, args = []) {
  return fork(fileURLToPath(module), args, { stdio: 'inherit' });
}

/** Resolves to what the process says next; rejects when it ends without a word, or says none. */
export function said(child) {
  return new Promise((resolve, reject) => {
    const onMessage = (message) => {
      leave();
      resolve(message);
    };
    const onExit = (code, signal) => {
      leave();
      reject(new Error(`A benchmark's process ended (${signal ?? code}).`));
    };
    const timer = setTimeout(() => {
      leave();
      reject(new Error("A benchmark's process does not answer."));
    }, TIMEOUT_MS);
    const leave = () => {
      clearTimeout(timer);
      child.off('exit', onExit);
      child.off('message', onMessage);
    };
    child.once('exit', onExit);
    child.once('message', onMessage);
  });
}

/** Resolves to its answer to one request. */
export function ask(child, request) {
  const answer = said(child);
  child.send(request);
  return answer;
}
