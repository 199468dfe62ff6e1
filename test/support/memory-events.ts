import { EMPTY_LOG } from '../../src/agent-webkit/engine/storage.js';
import type { EventStore } from '../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';

/** Event storage in memory with one session, `s`. */
export function memoryEvents(): EventStore {
  const { events, records } = new MemoryStorage();
  const at = new Date(0);
  void records.create(
    {
      id: 's',
      owner: 'ada',
      config: {
        model: null,
        permissionMode: 'default',
        cwd: '/',
        includePartialMessages: true,
      },
      epoch: 1,
      createdAt: at,
      lastActivityAt: at,
      log: EMPTY_LOG,
    },
    null,
  );
  return events;
}
