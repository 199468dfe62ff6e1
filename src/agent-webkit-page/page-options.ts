/** Where the page stands, and where it finds the sessions. */
export interface AgentWebkitPageOptions {
  /**
   * The page's path. It stands under the app's global prefix, as every route does.
   *
   * @default '/agents'
   */
  path?: string;
  /**
   * The path under which `/sessions` stands, seen as `path` is: both under the global prefix, or
   * neither. Give the path of your `RouterModule`, or the version of your URI versioning.
   *
   * @default '/'
   */
  apiPath?: string;
  /**
   * Decorators for the page's controller, such as the one that tells your global guard to let
   * everybody in: the files are the same for all, and sessions need a token anyway.
   *
   * @default []
   */
  decorators?: ClassDecorator[];
}

export type ResolvedPageOptions = Readonly<Required<AgentWebkitPageOptions>>;

/** Options with their defaults. @throws TypeError which names what is wrong */
export function resolvePageOptions(options: AgentWebkitPageOptions): ResolvedPageOptions {
  return Object.freeze({
    path: readPath('path', options.path ?? '/agents'),
    apiPath: readPath('apiPath', options.apiPath ?? '/'),
    decorators: options.decorators ?? [],
  });
}

/**
 * The sessions' path seen from the page's. It is relative, so that it also holds behind a proxy
 * which serves the app under a path of its own.
 */
export function relativeApiPath({ path, apiPath }: ResolvedPageOptions): string {
  const up = segments(path).map(() => '../');
  const down = segments(apiPath).map((segment) => `${segment}/`);
  return [...up, ...down].join('');
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function readPath(name: string, value: unknown): string {
  if (typeof value === 'string' && /^[\w.~/-]*$/.test(value) && !value.includes('..')) return value;
  throw new TypeError(
    `AgentWebkitPageModule: option '${name}' must be a path such as '/agents'; received ${JSON.stringify(value)}.`,
  );
}
