import { memo } from 'react';
import type { Item } from '../session/conversation.js';
import { AgentMessageView } from './agent-message.js';
import { Boundary } from './boundary.js';
import { ResultView } from './result-view.js';
import { UserMessageView } from './user-message.js';

/** One entry of the conversation. */
export const ItemView = memo(function ItemView({ item }: { item: Item }) {
  return (
    <Boundary of={item}>
      <Entry item={item} />
    </Boundary>
  );
});

function Entry({ item }: { item: Item }) {
  switch (item.kind) {
    case 'user':
      return <UserMessageView item={item} />;
    case 'agent':
      return <AgentMessageView message={item} />;
    case 'result':
      return <ResultView item={item} />;
    case 'error':
      return (
        <p className="item fault">
          <strong>{FAULTS[item.code] ?? 'Something went wrong.'}</strong> {item.message}
        </p>
      );
    case 'note':
      return <p className="item note">{item.text}</p>;
    default:
      item satisfies never;
      return null;
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  agent_stopped: 'The agent did not end its turn, so it was stopped. Send a message to restart it.',
  agent_crashed: 'The agent ended unexpectedly. Send a message to restart it.',
  agent_memory_exceeded: 'The agent used too much memory. Send a message to restart it.',
  agent_processes_exceeded: 'The agent started too many processes. Send a message to restart it.',
  agent_cpu_exceeded: 'The agent used too much processor time. Send a message to restart it.',
  disk_quota_exceeded: 'The files of this session are too large. Ask the agent to delete some.',
  session_folder_missing: 'The folder of this session is missing on the server.',
  agent_start_failed: 'The agent did not start.',
  agent_error: 'The agent reported an error.',
  agent_authentication_failed: 'The server is not signed in.',
  agent_api_error: 'The model did not answer.',
  task_timeout: 'A task was stopped.',
  transcript_not_stored: 'The memory of the agent is incomplete.',
  turn_interrupted: 'The server stopped during this turn.',
};
