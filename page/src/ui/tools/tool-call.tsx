import { memo, type ReactNode, useContext, useState } from 'react';
import type { ToolBlock } from '../../session/blocks.js';
import { ThreadsContext, TODO_TOOL } from '../threads.js';
import { readOutput } from '../tool-input.js';
import { isShownByItself, ToolBody } from './tool-body.js';
import { describeState, stateOf, type ToolState } from './tool-state.js';
import { toolName, toolSummary } from './tool-words.js';

interface ToolCallProps {
  tool: ToolBlock;
  /** The work of the sub-agent that the call has started. */
  children?: ReactNode;
}

/**
 * A tool call. Collapsed, it shows the tool and its state; expanded, also its input and output. Some calls are
 * expanded until the user collapses them.
 */
export const ToolCall = memo(function ToolCall({ tool, children }: ToolCallProps) {
  const { latestTodos } = useContext(ThreadsContext);
  const [wish, setWish] = useState<boolean | null>(null);
  const state = stateOf(tool);
  const isOpen = wish ?? isOpenAtFirst(tool, state, latestTodos, children !== undefined);
  return (
    <details
      className="tool"
      data-state={state}
      open={isOpen}
      onToggle={({ currentTarget }) => {
        if (currentTarget.open !== isOpen) setWish(currentTarget.open);
      }}
    >
      <summary>
        <span className="tool-dot" aria-hidden="true" />
        <span className="tool-name">{toolName(tool.name)}</span>
        <span className="tool-summary">
          {toolSummary(tool.name, tool.input) || tool.partialInput}
        </span>
        <span className="tool-state">{describeState(state, tool)}</span>
      </summary>
      {isOpen ? (
        <>
          {children}
          <ToolBody tool={tool} hasThread={Boolean(children)} />
        </>
      ) : null}
    </details>
  );
});

function isOpenAtFirst(
  tool: ToolBlock,
  state: ToolState,
  latestTodos: string | null,
  hasThread: boolean,
): boolean {
  if (hasThread && state === 'running') return true;
  if (state !== 'done') return false;
  // Only the newest to-do list is of interest.
  if (tool.name === TODO_TOOL) return tool.id === latestTodos;
  return isShownByItself(tool) || readOutput(tool.result?.output).images.length > 0;
}
