// Checks the built site: every link leads to a page and a heading that exist, every page is in the sidebar, and
// nothing is loaded from another host. VitePress itself fails on a link to a page that does not exist.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const site = fileURLToPath(new URL('.vitepress/dist/', import.meta.url));
const files = readdirSync(site, { recursive: true }).map((name) => join(site, name));
const isReference = (file) => relative(site, file).startsWith('api/');
const pages = files.filter((file) => file.endsWith('.html') && !isReference(file));
const problems = [];

/** The elements and rules that make a browser load something from another host. */
const FOREIGN = [
  /<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\ssrc=["']?(?:https?:)?\/\/[^\s"'>]+/g,
  /<link\b[^>]*\shref=["']?(?:https?:)?\/\/[^\s"'>]+/g,
  /(?:url\(\s*["']?|@import\s+["'])(?:https?:)?\/\/[^\s"')]+/g,
];

const ids = new Map();
function idsOf(file) {
  if (!ids.has(file)) {
    const found = readFileSync(file, 'utf8').matchAll(/\sid="([^"]+)"/g);
    ids.set(file, new Set([...found].map(([, id]) => id)));
  }
  return ids.get(file);
}

function pageAt(path) {
  const candidates = [path, `${path}.html`, join(path, 'index.html')];
  return candidates.find((file) => existsSync(file) && statSync(file).isFile());
}

for (const page of pages) {
  const html = readFileSync(page, 'utf8');
  for (const [, href] of html.matchAll(/<a\b[^>]*\shref="([^"]*)"/g)) {
    if (/^[a-z][\w+.-]*:/i.test(href)) continue;
    const [path, fragment] = href.split('#');
    const from = path.startsWith('/') ? join(site, path) : resolve(dirname(page), path);
    const target = path === '' ? page : pageAt(from);
    if (!target) problems.push(`${relative(site, page)}: ${href} leads nowhere`);
    else if (fragment && !isReference(target) && !idsOf(target).has(decodeURIComponent(fragment)))
      problems.push(`${relative(site, page)}: ${href} names a heading that does not exist`);
  }
}

for (const file of files.filter((name) => /\.(?:html|css)$/.test(name))) {
  const text = readFileSync(file, 'utf8');
  for (const pattern of FOREIGN)
    for (const [found] of text.matchAll(pattern))
      problems.push(`${relative(site, file)}: loads from another host: ${found}`);
}

const start = readFileSync(join(site, 'start.html'), 'utf8');
for (const page of pages) {
  const name = relative(site, page);
  if (['index.html', '404.html'].includes(name)) continue;
  if (!start.includes(`href="/${name}"`)) problems.push(`${name} is missing in the sidebar`);
}

if (pages.length < 10) problems.push(`Only ${pages.length} pages were built.`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
else process.stdout.write(`${pages.length} pages, every link leads somewhere.\n`);
