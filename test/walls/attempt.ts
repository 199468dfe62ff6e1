import type { WallsWorld } from './walls-world.js';

/** An attempt of an agent to reach what is not its session's. */
export interface Attempt {
  readonly name: string;
  /**
   * A bash script. It has succeeded when it prints the secret or a line that begins with REACHED, or when
   * {@link hasEffect} is true.
   */
  readonly script: string;
  /** Looks for an effect outside. */
  readonly hasEffect?: (world: WallsWorld) => Promise<boolean>;
  /** True for an attempt that needs the rights of root when there are no walls. */
  readonly needsRoot?: boolean;
  /** The reason why it cannot succeed without walls, either. */
  readonly unseen?: string;
}

/** A call of a tool, which has succeeded when its result contains the secret, or by its effect. */
export interface ToolAttempt {
  readonly name: string;
  readonly tool: string;
  readonly input: (world: WallsWorld) => Record<string, unknown>;
  readonly hasEffect?: (world: WallsWorld) => Promise<boolean>;
  /** The reason why it cannot succeed without walls, either. */
  readonly unseen?: string;
}
