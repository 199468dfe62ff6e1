import { type ComponentType, createElement, type ReactNode } from 'react';
import { parsePartialJson } from '../agent-webkit-client/partial-json.js';
import type { GenuiSchema } from '../agent-webkit/protocol/answers.js';
import { ComponentBoundary } from './component-boundary.js';
import type { ConversationItem } from './conversation.js';

/** The props of a React component that an agent renders. */
export interface AgentComponentProps<Props extends object = Record<string, unknown>> {
  /**
   * The props as the model wrote them: so far while it writes, and checked by the server when `state` is `rendered`. A text can be its
   * beginning.
   */
  readonly props: Partial<Props>;
  /** `writing` while the model writes the props, then `checking` until the server has validated them. */
  readonly state: 'writing' | 'checking' | 'rendered';
}

/** The React components by their short names. */
export type AgentComponents = Readonly<Record<string, ComponentType<AgentComponentProps<never>>>>;

/** A call of an agent that renders a component. */
export interface RenderedComponent {
  readonly shortName: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** As in {@link AgentComponentProps}; `failed` if the server has refused the props, or the call was stopped. */
  readonly state: AgentComponentProps['state'] | 'failed';
}

/** Returns the component that a tool call renders; null for any other item. */
export function findComponent(
  schema: GenuiSchema | null,
  item: ConversationItem,
): RenderedComponent | null {
  if (item.kind !== 'tool') return null;
  const tool = schema?.tools.find(({ name }) => name === item.name);
  if (!tool) return null;
  const { input, partialInput, result } = item;
  const value = partialInput === undefined ? input : parsePartialJson(partialInput);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return {
    shortName: tool.short_name,
    props: isObject ? (value as Record<string, unknown>) : {},
    state: stateOf(partialInput !== undefined, result),
  };
}

function stateOf(
  isWritten: boolean,
  result: { readonly isError: boolean } | null,
): RenderedComponent['state'] {
  if (result) return result.isError ? 'failed' : 'rendered';
  return isWritten ? 'writing' : 'checking';
}

/** Draws the component of an item: null if it failed, undefined if there is none. */
export function renderComponent(
  components: AgentComponents,
  found: RenderedComponent | null,
  item: ConversationItem,
): ReactNode | undefined {
  if (!found || !Object.hasOwn(components, found.shortName)) return undefined;
  const { shortName, props, state } = found;
  const component = components[shortName];
  if (!component || state === 'failed') return null;
  const drawn = createElement(component, { props: props as never, state });
  return createElement(ComponentBoundary, { item, key: item.id }, drawn);
}
