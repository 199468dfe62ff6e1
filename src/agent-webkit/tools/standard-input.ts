/**
 * A schema of any library that implements Standard Schema and Standard JSON Schema, such as zod 4: it validates an
 * input, and describes it for the model.
 */
export interface StandardInput {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}

/** The result of a validation: the parsed value, or what is wrong. */
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Returns true for a schema; false for a class. */
export function isStandardInput(schema: unknown): schema is StandardInput {
  return typeof schema === 'object' && schema !== null && '~standard' in schema;
}

/** Returns "path: message" of an issue. */
export function describeIssue({ message, path = [] }: StandardIssue): string {
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return names.length === 0 ? message : `${names.join('.')}: ${message}`;
}
