/** The log of the engine, such as Nest's `Logger`. Log lines contain ids and codes, never content. */
export interface EngineLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
}
