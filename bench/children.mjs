// Runs each measured program in its own process, apart from the process that measures it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long to wait for one message, so that no benchmark waits indefinitely. */
const TIMEOUT_MS = 300_000;

/** Starts a module, given as a `file:` URL, in a new process. */
export function start(module, args = []) {
  return fork(fileURLToPath(module), args, { stdio: 'inherit' });
}

/** Resolves to the next message of the process. Rejects if the process ends first, or on timeout. */
export function nextMessage(child) {
  return new Promise((resolve, reject) => {
    const onMessage = (message) => {
      cleanUp();
      resolve(message);
    };
    const onExit = (code, signal) => {
      cleanUp();
      reject(
        new Error(`A process of the benchmark ended before it sent a message (${signal ?? code}).`),
      );
    };
    const timer = setTimeout(() => {
      cleanUp();
      reject(new Error(`A process of the benchmark sent no message for ${TIMEOUT_MS / 1000} s.`));
    }, TIMEOUT_MS);
    const cleanUp = () => {
      clearTimeout(timer);
      child.off('exit', onExit);
      child.off('message', onMessage);
    };
    child.once('exit', onExit);
    child.once('message', onMessage);
  });
}

/** Sends one request to the process, and resolves to its response. */
export function ask(child, request) {
  const response = nextMessage(child);
  child.send(request);
  return response;
}
