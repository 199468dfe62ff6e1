import { WorkspaceUnavailableError } from '../errors.js';
import type { DurableTranscripts } from '../agent/durable-transcripts.js';
import type { EventLog } from '../event-log/event-log.js';
import type { SessionRecord } from '../storage.js';
import { QuotaWatch } from '../workspace/quota-watch.js';
import type { SessionDependencies } from './session-dependencies.js';
import type { TurnGate } from './turn-gate.js';

/** Creates the watch that ends an agent when its session's folders become too large. Null without a quota. */
export function createQuotaWatch(
  record: SessionRecord,
  log: EventLog,
  gate: TurnGate,
  { folders, logger }: Pick<SessionDependencies, 'folders' | 'logger'>,
  transcripts: Pick<DurableTranscripts, 'receivedBytes'> | null,
): QuotaWatch | null {
  const { quotaBytes } = folders;
  if (quotaBytes === null) return null;
  const { id } = record;
  return new QuotaWatch({
    quotaBytes,
    // A program in the place of the agent could fill the storage, which all sessions share.
    measure: async (stopAbove) =>
      (await folders.measure(record, stopAbove, gate.agent.folders)) +
      (transcripts?.receivedBytes ?? 0),
    activity: () => {
      if (!gate.agent.isAlive) return 'gone';
      return log.state.turn || gate.agent.work.isAtWork ? 'working' : 'idle';
    },
    onExceeded: () => {
      logger.warn(`Session ${id}: disk_quota_exceeded. Its agent was ended.`);
      gate.stopAgent(
        'disk_quota_exceeded',
        `The files of this session exceed ${inWords(quotaBytes)}, so its agent was ended. ` +
          'Ask it to delete files; it cannot add any before.',
      );
    },
    onFailure: (error) => {
      if (error instanceof WorkspaceUnavailableError) return; // reported by the workspace
      logger.warn(`Session ${id}: could not measure its folders: ${String(error)}`);
    },
  });
}

function inWords(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Math.round((bytes / 1024 ** power) * 10) / 10} ${units[power]}`;
}
