import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const MAX_FILES = 64;
const MAX_BYTES = 8 * 1024 * 1024;

/** A file in memory. */
export interface PageFile {
  readonly body: Buffer;
  readonly contentType: string;
  readonly etag: string;
}

/** The built page in memory. No other file is served, whatever its name. */
export interface PageFiles {
  /** Returns the page for a browser that reaches the page's folder under this relative path. */
  index(folder: string): PageFile;
  /** The assets by name, which contains a hash of the contents. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

/** Reads the built page; null when it was not built. `apiPath` is the relative path of the sessions' API. */
export async function readPageFiles(folder: string, apiPath: string): Promise<PageFiles | null> {
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return null;
  const html = await readFile(page, 'utf8');
  const names = (await readdir(join(folder, 'assets'))).filter(
    (name) => extname(name) in CONTENT_TYPES,
  );
  if (names.length > MAX_FILES)
    throw new RangeError(`${folder} has ${names.length} files, but the limit is ${MAX_FILES}.`);
  const assets = await Promise.all(
    names.map(async (name) => {
      const body = await readFile(join(folder, 'assets', name));
      return [name, toFile(body, CONTENT_TYPES[extname(name)] ?? '')] as const;
    }),
  );
  const bytes = assets.reduce((total, [, { body }]) => total + body.length, 0);
  if (bytes > MAX_BYTES)
    throw new RangeError(`${folder} has ${bytes} bytes, but the limit is ${MAX_BYTES}.`);
  // The build uses paths relative to the page's folder, and a placeholder for the path of the API.
  const withApi = html.replace('{{agent-webkit-api}}', `./${apiPath}`);
  return {
    index: (path) =>
      toFile(
        Buffer.from(withApi.replace(/(href|src|content)="\.\//g, `$1="${path}`)),
        'text/html; charset=utf-8',
      ),
    assets: new Map(assets),
  };
}

function toFile(body: Buffer, contentType: string): PageFile {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { body, contentType, etag: `"${hash}"` };
}
