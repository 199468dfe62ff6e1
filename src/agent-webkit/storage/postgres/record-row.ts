import type { SessionDetails } from '../../engine/session-details.js';
import type { Generation, SessionRecord, SessionStatus } from '../../engine/storage.js';
import { liveServer } from './lease-sql.js';
import { decodeText } from './text.js';

const COLUMNS = [
  'id',
  'owner',
  'config',
  'epoch',
  'first_seq',
  'last_seq',
  'cost_usd',
  'generations',
] as const;

/** The row of a record. */
export type RecordRow = Readonly<
  Record<(typeof COLUMNS)[number] | 'created_ms' | 'last_activity_ms', string> &
    Record<'status' | 'details' | 'live_server', string | null>
>;

/** Returns the columns of a {@link RecordRow} of the table `session` of a schema. */
export function recordColumns(schema: string): string {
  return `${COLUMNS.map((name) => `session.${name}`).join(', ')}, session.status, session.details,
    ${liveServer(schema)} as live_server,
    round(extract(epoch from session.created_at) * 1000) as created_ms,
    round(extract(epoch from session.last_activity_at) * 1000) as last_activity_ms`;
}

export function toRecord(row: RecordRow): SessionRecord {
  return {
    id: decodeText(row.id),
    owner: decodeText(row.owner),
    config: JSON.parse(row.config) as SessionRecord['config'],
    epoch: Number(row.epoch),
    createdAt: new Date(Number(row.created_ms)),
    lastActivityAt: new Date(Number(row.last_activity_ms)),
    log: {
      firstSeq: Number(row.first_seq),
      lastSeq: Number(row.last_seq),
      costUsd: Number(row.cost_usd),
      generations: JSON.parse(row.generations) as Generation[],
      status: row.status === null ? null : (JSON.parse(row.status) as SessionStatus),
    },
    ...(row.details !== null && { details: JSON.parse(row.details) as SessionDetails }),
    server: row.live_server,
  };
}
