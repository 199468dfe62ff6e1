import { SetMetadata, type Type } from '@nestjs/common';
import type { StandardInput } from './standard-input.js';

/** The key of the metadata of a class with {@link AgentComponent}. Not exported from the package. */
export const AGENT_COMPONENT = 'agent-webkit:component';

/** A component of a user interface that agents can render. */
export interface AgentComponentOptions {
  /**
   * The short name, by which a client finds its component: 1 to 64 lower-case letters, digits and `_`, the first one a letter.
   *
   * @default the name of the class in snake case: `WeatherCard` is `weather_card`
   */
  readonly name?: string;
  /** The description for the model: what the component shows, and when to render it. */
  readonly description: string;
  /**
   * The props: a schema with `~standard`, such as one of zod 4. The model receives what is wrong with props that are not
   * valid.
   *
   * @default the properties of the class, by their decorators of class-validator
   */
  readonly schema?: StandardInput;
}

/**
 * Makes a class the description of a component that agents can render: its properties are the props. Pass the class to
 * `forFeature({ components })`. It is never instantiated, and draws nothing: clients draw the component that has its short name.
 *
 * @example
 * \@AgentComponent({ description: 'Shows the weather of a place.' })
 * export class WeatherCard {
 *   \@IsString() place!: string;
 *   \@IsNumber() temperature!: number;
 * }
 */
export const AgentComponent = (options: AgentComponentOptions): ClassDecorator =>
  SetMetadata(AGENT_COMPONENT, options) as ClassDecorator;

/** Returns the options of a class with {@link AgentComponent}; undefined for another one. */
export function componentOptionsOf(type: Type<object>): AgentComponentOptions | undefined {
  return Reflect.getOwnMetadata(AGENT_COMPONENT, type) as AgentComponentOptions | undefined;
}
