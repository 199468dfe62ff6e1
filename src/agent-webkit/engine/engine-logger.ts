/** Where the engine says what its host should know. Nest's `Logger` fits. Lines carry ids and codes, never content. */
export interface EngineLogger {
  log(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
}
