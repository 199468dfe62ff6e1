import type { GenuiSchema } from './protocol/answers.js';

/** The components that the agents of a module can render, as clients read them. */
export abstract class ComponentSchemas {
  /** The registry of the module. Without components, it has no tools. */
  abstract get schema(): GenuiSchema;
}
