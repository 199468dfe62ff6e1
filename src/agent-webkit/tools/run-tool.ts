import { HttpException, Logger } from '@nestjs/common';
import type { HostToolOutput } from '../engine/host-tool.js';
import type { AgentToolCall } from '../tool-call.js';
import { stackOf } from '../engine/stack-of.js';
import { InvalidToolInputError, type ToolInputReader } from './tool-input.js';
import { failure, toolOutput } from './tool-output.js';

/** A failure of a tool whose message the model receives, so that it can act on it. */
export class AgentToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgentToolError';
  }
}

/** The parts of a tool that a run needs. */
export interface RunnableTool {
  readonly toolName: string;
  readonly timeoutMs: number;
  readonly input: ToolInputReader;
  /** Calls the method of the host. */
  readonly invoke: (call: AgentToolCall) => Promise<unknown>;
}

/** Runs one call of a tool. Never rejects. */
export async function runTool(
  { toolName, timeoutMs, input, invoke }: RunnableTool,
  sent: Readonly<Record<string, unknown>>,
  { signal, ...call }: Omit<AgentToolCall, 'input' | 'toolName'>,
): Promise<HostToolOutput> {
  const end = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const read = await untilAborted(input.read(sent), end);
    end.throwIfAborted();
    const running = invoke({ ...call, toolName, input: read, signal: end });
    return toolOutput(await untilAborted(running, end));
  } catch (error) {
    if (end.aborted && error === end.reason) {
      return failure(signal.aborted ? 'The call was aborted.' : `No result after ${timeoutMs} ms.`);
    }
    return failure(messageOf(error, `${toolName} in session ${call.session.id}`));
  }
}

/** Waits for a method, which may ignore its signal. */
export function untilAborted<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    running.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Returns what the model receives of an error: only what is meant for others than the operator. The rest is logged. */
export function messageOf(error: unknown, what: string): string {
  if (error instanceof AgentToolError || error instanceof InvalidToolInputError) {
    return error.message;
  }
  if (error instanceof HttpException && error.getStatus() < 500) return error.message;
  new Logger('AgentWebkit').error(`The tool ${what} failed: ${stackOf(error)}`);
  return 'The tool failed. The log of the server has the reason.';
}
