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

/** One file, ready to be sent. */
export interface PageFile {
  readonly body: Buffer;
  readonly contentType: string;
  readonly etag: string;
}

/** The built page in memory. What is not in it is not served, whatever its name. */
export interface PageFiles {
  /** The page itself, for a browser that sees the folder it stands for under this relative path. */
  index(folder: string): PageFile;
  /** By name, which carries a hash of what is in it. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

/** Reads the built page; null where it was not built. `apiPath` tells the page where sessions are. */
export async function readPageFiles(folder: string, apiPath: string): Promise<PageFiles | null> {
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return null;
  const html = await readFile(page, 'utf8');
  const names = (await readdir(join(folder, 'assets'))).filter(
    (name) => extname(name) in CONTENT_TYPES,
  );
  if (names.length > MAX_FILES) throw new RangeError(`${folder} has more than ${MAX_FILES} files.`);
  const assets = await Promise.all(
    names.map(async (name) => {
      const body = await readFile(join(folder, 'assets', name));
      return [name, toFile(body, CONTENT_TYPES[extname(name)] ?? '')] as const;
    }),
  );
  const bytes = assets.reduce((total, [, { body }]) => total + body.length, 0);
  if (bytes > MAX_BYTES) throw new RangeError(`${folder} has more than ${MAX_BYTES} bytes.`);
  // The build names the page's files relative to its folder, and leaves a blank for the API's.
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
