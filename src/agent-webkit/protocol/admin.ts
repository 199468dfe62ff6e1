import type { SessionStateName } from './events.js';

/** A session as operators see it: never its title, its metadata or its content. Times are ISO 8601 in UTC. */
export interface AdminSession {
  session_id: string;
  /** The id of the caller who created the session. */
  owner: string;
  state: SessionStateName;
  /** `none` while the session has no agent. */
  agent: 'running' | 'none';
  model: string | null;
  permission_mode: string;
  /** The sandbox of its agents, as in the description of the session. Absent if the agents do not tell. */
  sandbox?: string;
  created_at: string;
  last_activity_at: string;
  /** The address of the server that has the session, as in `GET /admin/servers`; null if no server has it, or only one uses the storage. */
  server: string | null;
  /** The number of callers with whom it is shared. */
  members: number;
  /** The number of open streams. */
  subscribers: number;
  /** The number of requests that wait for people. */
  open_requests: number;
  /** The number of running tasks of the agent. */
  running_tasks: number;
  last_id: number;
  total_cost_usd: number;
}

/** The response to GET /admin/sessions. */
export interface AdminSessionsPage {
  sessions: AdminSession[];
  /** The `cursor` of the next page; null on the last page. */
  next_cursor: string | null;
}

/** The work of a server at one moment. Sessions that are only in the storage are not counted. */
export interface AdminServerWork {
  /** The number of sessions in its memory, by state. */
  sessions: Partial<Record<SessionStateName, number>>;
  agents: {
    /** Those that sessions have. */
    running: number;
    /** Those that were started ahead of their sessions. */
    warm: number;
    /** How many more could start now. */
    free: number;
    max: number;
    /** The number of sessions that wait for one. */
    waiting: number;
  };
  queued_messages: number;
  open_requests: number;
  subscribers: number;
}

/** The description that a server gives of itself. */
export interface AdminServerReport {
  /** The name of its machine. */
  host: string;
  pid: number;
  /** When its process started, in ISO 8601 and UTC. */
  started_at: string;
  work: AdminServerWork;
}

/** A server as operators see it. */
export interface AdminServer {
  /** Its name among those that share the storage, different for each start of a process; null if only one uses the storage. */
  address: string | null;
  /** True for the server that has answered. */
  current: boolean;
  /** `draining` while it ends its work and takes over nothing. */
  state: 'active' | 'draining';
  /** Null if it has not replied within 5 seconds, or has an earlier version. */
  report: AdminServerReport | null;
}

/** The response to GET /admin/servers. */
export interface AdminServers {
  servers: AdminServer[];
}
