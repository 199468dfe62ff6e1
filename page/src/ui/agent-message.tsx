import { useContext } from 'react';
import type { Block, ToolBlock } from '../session/blocks.js';
import type { AgentMessage } from '../session/conversation.js';
import { CopyButton } from './code/copy-button.js';
import { Markdown } from './markdown.js';
import { Payload, toJson } from './payload.js';
import { ThreadsContext } from './threads.js';
import { ComponentView } from './tools/component-view.js';
import { ToolCall } from './tools/tool-call.js';
import { stateOf } from './tools/tool-state.js';
import { ComponentsContext } from './use-components.js';

/** A message of the agent, or of a sub-agent. */
export function AgentMessageView({ message }: { message: AgentMessage }) {
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
      return <ToolView tool={block} />;
    case 'other':
      return <Payload label="Other content" text={toJson(block.data)} language="json" />;
    default:
      block satisfies never;
      return null;
  }
}

function ToolView({ tool }: { tool: ToolBlock }) {
  const component = useContext(ComponentsContext).get(tool.name);
  const state = stateOf(tool);
  // One that failed is a tool call, which shows the reason.
  if (component !== undefined && (state === 'running' || state === 'done'))
    return <ComponentView tool={tool} name={component} />;
  return SUB_AGENT_TOOLS.has(tool.name) ? <SubAgentCall tool={tool} /> : <ToolCall tool={tool} />;
}

const SUB_AGENT_TOOLS: ReadonlySet<string> = new Set(['Task', 'Agent']);

/** The call that started a sub-agent, with the messages of the sub-agent inside. */
function SubAgentCall({ tool }: { tool: ToolBlock }) {
  const thread = useContext(ThreadsContext).byCall.get(tool.id) ?? [];
  return (
    <ToolCall tool={tool}>
      {thread.length === 0 ? null : (
        <div className="thread">
          {thread.map((message) => (
            <AgentMessageView key={message.key} message={message} />
          ))}
        </div>
      )}
    </ToolCall>
  );
}
