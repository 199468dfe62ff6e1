import { StorageFaultError } from '../agent-webkit/engine/storage.js';
import { WorkspaceError } from '../agent-webkit/engine/workspace-error.js';
import { SandboxRequiredError } from '../agent-webkit/hosting/chosen-sandbox.js';
import { PostgresError } from '../agent-webkit/storage/postgres/postgres-error.js';
import { SqliteStorageError } from '../agent-webkit/storage/sqlite/sqlite-thread.js';
import { SettingError } from './read-setting.js';
import type { Settings } from './settings.js';

const STORAGE_SETTING = 'The setting is AGENT_WEBKIT_STORAGE.';

/** Returns the message for a failed start. Errors that the operator can fix have no stack trace. */
export function explainFailure(error: unknown): string {
  const isForOperators =
    error instanceof SettingError ||
    error instanceof TypeError ||
    error instanceof SandboxRequiredError ||
    error instanceof WorkspaceError;
  if (isForOperators) return error.message;
  if (error instanceof PostgresError || error instanceof SqliteStorageError) {
    return `${error.message} ${STORAGE_SETTING}`;
  }
  if (error instanceof StorageFaultError) {
    // Its own message is for clients.
    const { message } = error.cause instanceof Error ? error.cause : error;
    return `${message} ${STORAGE_SETTING}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Returns the error for an address that the server cannot listen on. */
export function toListenError(
  error: unknown,
  { host, port }: Pick<Settings, 'host' | 'port'>,
): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  return new SettingError(describe(String(error.code), error.message, host, port));
}

function describe(code: string, message: string, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `PORT ${port} is in use by another program. Choose another port.`;
    case 'EACCES':
      return `PORT ${port} requires root privileges. Choose a port above 1023.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `HOST '${host}' is not an address of this machine. Choose another address, such as 127.0.0.1.`;
    default:
      return `The server cannot listen on HOST '${host}' and PORT ${port}: ${message}.`;
  }
}
