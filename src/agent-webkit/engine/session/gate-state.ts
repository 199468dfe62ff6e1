import type { AgentInterrupt } from './agent-interrupt.js';

/**
 * The state of a {@link TurnGate}: the facts about the running turn that the log does not have.
 *
 * - **open**: no turn runs, and an agent runs or may be started ahead.
 *   Entered by a new session, and when a turn ends and its agent continues to run.
 *   Left for *starting* as soon as a message is queued, for *interrupting* when the agent works on a
 *   turn of its own and is interrupted, for *dormant* when the agent stops.
 * - **dormant**: no turn runs and there is no agent.
 *   Entered by a restored session, and when the agent has stopped, crashed or could not start.
 *   Left for *starting* as soon as a message is queued.
 *   Guarantee: the next turn is announced by `session_state` `idle`, in one commit with its start.
 * - **starting**: a message has left the queue; its `turn_start` is being committed, or its agent is
 *   being started. Left for *running* when both are done, for *open* or *dormant* when the turn is
 *   interrupted or the agent fails before that.
 *   Guarantee: the agent has not received the message, so the turn can be ended without it.
 * - **running**: the agent has received the message. Left for *open* by the agent's result, for
 *   *interrupting*, for *dormant* when the agent crashes.
 *   Guarantee: the `turn_start` is committed, so no message is ever started twice.
 * - **interrupting**: the agent received an interrupt of the running turn, or of one of its own. Left for
 *   *open* by that turn's result, or when the agent had not begun with the message; for *dormant* when the
 *   agent crashes, or is stopped because neither came within `interruptTimeoutMs`.
 *   Guarantee: the agent receives it once, and no message is started before the turn has ended.
 * - **parked**: a turn runs, and there is no agent: the turn waits for people, or has their answer.
 *   Entered from *running* when the agent was stopped to wait, or has crashed while it waited, and by a
 *   restored session. Left for *starting* with an answer, for *dormant* by an interrupt.
 *   Guarantee: an answer is passed on at most once, see `request_delivered`.
 * - **closed**: final, entered from any state by `close`.
 *   Guarantee: no agent is started, and nothing is appended.
 */
export type GateState =
  | { readonly name: 'open' }
  | { readonly name: 'dormant' }
  | { readonly name: 'starting' }
  | { readonly name: 'running' }
  | { readonly name: 'parked' }
  | { readonly name: 'interrupting'; readonly interrupt: AgentInterrupt }
  | { readonly name: 'closed' };
