import type { EventStore } from '../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';

/** Events in memory, with one session: `s`. */
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
    },
    null,
  );
  return events;
}
