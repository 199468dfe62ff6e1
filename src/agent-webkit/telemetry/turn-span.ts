import type { Context, Span, Tracer } from '@opentelemetry/api';
import type { EventPayloads, WireEvent } from '../protocol/events.js';
import type { OpenSpan, TracedSession } from '../engine/turn-tracer.js';
import { type OpenTelemetry, toTraceContext } from './span-context.js';
import { resultAttributes, sessionAttributes } from './turn-attributes.js';

/** How many spans of tools, and of requests, may be open in a turn. Further ones have none. */
const MAX_OPEN = 1000;
/** How many commits of a turn have a span, besides that of the result. */
const MAX_COMMITS = 100;
/** The maximum length of a name that the model has written, in characters. */
const MAX_NAME = 200;

export interface TurnSpanOptions {
  readonly api: OpenTelemetry;
  readonly tracer: Tracer;
  readonly session: TracedSession;
  /** The id of the turn's user message. */
  readonly messageId: string;
  /** The context of the acceptance of its message. */
  readonly parent: Context;
  /** True for a turn that began before this server had the session. */
  readonly isResumed: boolean;
}

/** An open span, and the context of its children. */
interface Open {
  readonly span: Span;
  readonly context: Context;
}

/**
 * The span `invoke_agent` of a turn, with those of its tools and requests. A turn that waits for people without an agent has
 * one for each part: the wait may take days.
 */
export class TurnSpan {
  readonly #options: TurnSpanOptions;
  /** By `tool_use_id`. */
  readonly #tools = new Map<string, Open>();
  /** By `correlation_id`. */
  readonly #requests = new Map<string, Open>();
  #part: Open | null = null;
  #isResumed: boolean;
  #hasOutput = false;
  #commits = 0;
  #model: string | null = null;
  /** The code of the last event `error`. */
  #errorCode: string | null = null;

  constructor(options: TurnSpanOptions) {
    this.#options = options;
    this.#isResumed = options.isResumed;
  }

  /** Begins the span, if it has not. Returns it. */
  begin(): Open {
    if (this.#part) return this.#part;
    const { api, session, messageId, parent } = this.#options;
    const attributes = {
      'gen_ai.operation.name': 'invoke_agent',
      ...sessionAttributes(session),
      'agent_webkit.message.id': messageId,
      'agent_webkit.turn.resumed': this.#isResumed,
    };
    const options = { kind: api.SpanKind.INTERNAL, attributes };
    this.#part = this.#open('invoke_agent', options, parent);
    return this.#part;
  }

  /** Begins the span of the start of the agent. Its context is that of the turn, for the agent's process. */
  startAgent(): OpenSpan {
    const { api, session } = this.#options;
    const { context } = this.begin();
    const { span } = this.#open('start agent', { attributes: sessionAttributes(session) }, context);
    return { context: toTraceContext(api, context), end: () => span.end() };
  }

  /**
   * Events of the turn were committed.
   *
   * @param durationMs how long that took until now, in milliseconds
   * @param isLast true for the commit of the result, which is never left out
   */
  committed(durationMs: number, isLast: boolean): void {
    if (this.#commits >= MAX_COMMITS && !isLast) return;
    this.#commits += 1;
    const now = Date.now();
    const attributes = sessionAttributes(this.#options.session);
    const commit = { attributes, startTime: now - durationMs };
    this.#open('commit', commit, this.begin().context).span.end(now);
  }

  /** The turn received another message. */
  delivered(): void {
    this.begin().span.addEvent('agent_webkit.message_delivered');
  }

  apply(wire: WireEvent): void {
    switch (wire.event) {
      case 'message_delta':
      case 'thinking_delta':
      case 'thinking_progress':
        return this.#output();
      case 'message_complete':
        this.#output();
        if (wire.data.parent_tool_use_id === undefined) {
          this.#model = wire.data.message.model.slice(0, MAX_NAME);
        }
        return;
      case 'tool_use':
        this.#output();
        return this.#startTool(wire.data);
      case 'tool_result':
        return this.#endTool(wire.data);
      case 'permission_request':
      case 'ask_user_question':
      case 'elicitation_request':
      case 'dialog_request':
      case 'hook_decision_request':
        return this.#startRequest(wire.event, wire.data.correlation_id);
      case 'request_resolved':
        return this.#endRequest(wire.data);
      case 'request_delivered':
        this.begin();
        return;
      case 'error':
        this.#errorCode = wire.data.code;
        return;
      case 'turn_waiting':
        return this.end('waiting');
      default:
    }
  }

  /** The turn ended. */
  result(result: EventPayloads['result']): void {
    const { span } = this.begin();
    span.setAttributes(resultAttributes(result));
    if (result.is_error) this.#fail(span, this.#errorCode ?? result.subtype);
    this.end(result.is_error ? 'failed' : 'completed');
  }

  /** Ends the spans of the turn, or of a part of it. */
  end(outcome: 'completed' | 'failed' | 'waiting' | 'moved' | 'replaced'): void {
    for (const { span } of [...this.#tools.values(), ...this.#requests.values()]) span.end();
    this.#tools.clear();
    this.#requests.clear();
    const { span } = this.#part ?? {};
    if (this.#model !== null) span?.setAttribute('gen_ai.response.model', this.#model);
    span?.setAttribute('agent_webkit.turn.outcome', outcome);
    span?.end();
    this.#part = null;
    this.#isResumed = true;
  }

  /** The first output of the agent in the turn. */
  #output(): void {
    if (this.#hasOutput) return;
    this.#hasOutput = true;
    this.begin().span.addEvent('agent_webkit.first_token');
  }

  #startTool({
    tool_use_id: id,
    tool_name: name,
    parent_tool_use_id: parentId,
  }: EventPayloads['tool_use']): void {
    if (this.#tools.size >= MAX_OPEN || this.#tools.has(id)) return;
    const parent = (parentId === undefined ? undefined : this.#tools.get(parentId)) ?? this.begin();
    const shortName = name.slice(0, MAX_NAME);
    const attributes = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': shortName,
      'gen_ai.tool.call.id': id,
      'gen_ai.conversation.id': this.#options.session.id,
    };
    this.#tools.set(id, this.#open(`execute_tool ${shortName}`, { attributes }, parent.context));
  }

  #endTool({ tool_use_id: id, is_error: isError }: EventPayloads['tool_result']): void {
    const { span } = this.#tools.get(id) ?? {};
    if (!span) return;
    if (isError) this.#fail(span, 'tool_error');
    span.end();
    this.#tools.delete(id);
  }

  #startRequest(kind: string, id: string): void {
    if (this.#requests.size >= MAX_OPEN || this.#requests.has(id)) return;
    const attributes = {
      'gen_ai.conversation.id': this.#options.session.id,
      'agent_webkit.request.id': id,
    };
    this.#requests.set(id, this.#open(kind, { attributes }, this.begin().context));
  }

  #endRequest({ correlation_id: id, outcome }: EventPayloads['request_resolved']): void {
    const { span } = this.#requests.get(id) ?? {};
    span?.setAttribute('agent_webkit.request.outcome', outcome);
    span?.end();
    this.#requests.delete(id);
  }

  #open(name: string, options: Parameters<Tracer['startSpan']>[1], parent: Context): Open {
    const { api, tracer } = this.#options;
    const span = tracer.startSpan(name, options, parent);
    return { span, context: api.trace.setSpan(parent, span) };
  }

  #fail(span: Span, type: string): void {
    span.setAttribute('error.type', type);
    span.setStatus({ code: this.#options.api.SpanStatusCode.ERROR });
  }
}
