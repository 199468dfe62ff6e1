/** One step from a version of a schema to the next one. A released step never changes. */
export interface Migration {
  /**
   * True if servers of earlier versions cannot work with the result. While a step is not breaking,
   * they can run and restart beside the servers that applied it: it adds tables, indexes, or columns
   * that have a default. A step that removes, renames or restricts anything is breaking.
   */
  readonly isBreaking: boolean;
  readonly sql: string;
}
