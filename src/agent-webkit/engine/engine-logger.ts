/** The log of the engine, such as Nest's `Logger`. Log lines contain ids and codes, never content. */
export interface EngineLogger {
  /** Logs a line for the search of a fault. @default not logged */
  debug?(message: string): void;
  log(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
}
