/** Options of `AgentWebkitPageModule`. */
export interface AgentWebkitPageOptions {
  /**
   * The path of the page. Like every route, it is below the global prefix of the app.
   *
   * @default '/agents'
   */
  path?: string;
  /**
   * The path before `/sessions`, relative to the same base as `path`: both are below the global prefix,
   * or neither is. Set it to the path of your `RouterModule`, or to the version of your URI versioning.
   *
   * @default '/'
   */
  apiPath?: string;
  /**
   * Decorators for the controller of the page, such as one that exempts it from your global guard. The
   * files are the same for all users, and the sessions require a token anyway.
   *
   * @default []
   */
  decorators?: ClassDecorator[];
}

export type ResolvedPageOptions = Readonly<Required<AgentWebkitPageOptions>>;

/** Returns the options with their defaults. @throws TypeError when an option is invalid */
export function resolvePageOptions(options: AgentWebkitPageOptions): ResolvedPageOptions {
  return Object.freeze({
    path: readPath('path', options.path ?? '/agents'),
    apiPath: readPath('apiPath', options.apiPath ?? '/'),
    decorators: options.decorators ?? [],
  });
}

/**
 * Returns the path of the sessions relative to that of the page, so that it is also valid behind a proxy
 * that serves the app under another path.
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
    `AgentWebkitPageModule: option '${name}' must be a path such as '/agents', but got ${JSON.stringify(value)}.`,
  );
}
