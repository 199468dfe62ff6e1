import { memo } from 'react';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { Block } from '../session/blocks.js';
import type { AgentMessage, Item } from '../session/conversation.js';
import { CopyButton } from './code/copy-button.js';
import { formatCost, formatDuration } from './format.js';
import { Markdown } from './markdown.js';
import { Payload, toJson } from './payload.js';
import { ToolCall } from './tool-call.js';
import { imageUrl } from './tool-input.js';

/** One entry of the conversation. */
export const ItemView = memo(function ItemView({ item }: { item: Item }) {
  switch (item.kind) {
    case 'user':
      return (
        <article className="item user" aria-label="You">
          <UserContentView content={item.content} />
        </article>
      );
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
});

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

/** The content of a user message. */
export function UserContentView({ content }: { content: UserContent }) {
  if (typeof content === 'string') return <div className="plain">{content}</div>;
  return content.map((block, index) =>
    block.type === 'text' ? (
      <div className="plain" key={index}>
        {block.text}
      </div>
    ) : (
      <img className="sent-image" key={index} src={imageUrl(block) ?? ''} alt="Sent by you" />
    ),
  );
}

function AgentMessageView({ message }: { message: AgentMessage }) {
  const { blocks, isStreaming, parent } = message;
  // The agent began the message and never completed it.
  if (blocks.length === 0 && !isStreaming) return null;
  const text = textOf(blocks);
  return (
    <article
      className="item agent"
      data-streaming={isStreaming || undefined}
      data-sub={parent === null ? undefined : true}
      aria-label={parent === null ? 'Agent' : 'Sub-agent'}
      aria-busy={isStreaming}
    >
      {parent === null ? null : <div className="sub-label">Sub-agent</div>}
      {blocks.map((block, index) => (
        <BlockView block={block} key={index} />
      ))}
      {isStreaming || text === '' ? null : (
        <div className="item-tools">
          <CopyButton text={text} what="message" />
        </div>
      )}
    </article>
  );
}

/** Returns the Markdown that the agent has written. */
function textOf(blocks: readonly Block[]): string {
  return blocks.flatMap((block) => (block.kind === 'text' ? [block.text] : [])).join('\n\n');
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case 'text':
      return <Markdown text={block.text} />;
    case 'thinking':
      return (
        <details className="thinking">
          <summary>Thinking</summary>
          <div className="plain">{block.text}</div>
        </details>
      );
    case 'tool':
      return <ToolCall tool={block} />;
    case 'other':
      return <Payload label="Other content" text={toJson(block.data)} language="json" />;
    default:
      block satisfies never;
      return null;
  }
}

const ENDINGS: Readonly<Record<string, string>> = {
  success: 'Done',
  error_during_execution: 'Stopped before completion',
  error_max_turns: 'Stopped: step limit reached',
  error_max_budget_usd: 'Stopped: budget used up',
};

function ResultView({ item }: { item: Extract<Item, { kind: 'result' }> }) {
  const ending = item.subtype === 'success' && item.is_error ? 'Failed' : ENDINGS[item.subtype];
  const facts = [
    ending ?? item.subtype,
    item.duration_ms > 0 ? formatDuration(item.duration_ms) : '',
    item.total_cost_usd > 0 ? formatCost(item.total_cost_usd) : '',
  ];
  return (
    <div className="item result" data-error={item.is_error || undefined}>
      <span>{facts.filter((fact) => fact !== '').join(' · ')}</span>
      {item.errors?.map((error, index) => (
        <p key={index}>{error}</p>
      ))}
    </div>
  );
}
