/** Who makes a request, as the guard found out. */
export interface Caller {
  /** Stands for the person or service wherever it matters who one is: it owns sessions, it answers requests. */
  readonly id: string;
}
