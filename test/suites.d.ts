export const SUITES: Readonly<Record<string, readonly string[]>>;
export function suiteOf(path: string): string;
export function specFiles(): string[];
export function specsOf(suite: string): string[];
