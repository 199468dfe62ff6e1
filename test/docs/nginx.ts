/** Every directive that the configurations use, with the blocks that may contain it. */
const DIRECTIVES: Readonly<Record<string, readonly string[]>> = {
  upstream: [''],
  server: ['', 'upstream'],
  keepalive: ['upstream'],
  hash: ['upstream'],
  map: [''],
  listen: ['server'],
  http2: ['server'],
  server_name: ['server'],
  ssl_certificate: ['server'],
  ssl_certificate_key: ['server'],
  client_max_body_size: ['', 'server', 'location'],
  location: ['server'],
  proxy_pass: ['location'],
  proxy_http_version: ['', 'server', 'location'],
  proxy_set_header: ['', 'server', 'location'],
  proxy_buffering: ['', 'server', 'location'],
  proxy_read_timeout: ['', 'server', 'location'],
};

/** Returns the problems of a configuration: unbalanced blocks, missing semicolons, unknown or misplaced directives. */
export function findNginxProblems(text: string): string[] {
  const problems: string[] = [];
  const open: string[] = [];
  const upstreams = new Set<string>();
  // Statements end with `;`, blocks begin with `{` and end with `}`.
  for (const [, words = '', end] of text.matchAll(/\s*([^;{}]*?)\s*([;{}])/g)) {
    if (end === '}') {
      if (words !== '') problems.push(`${words}: has no semicolon`);
      if (open.pop() === undefined) problems.push('A block ends that did not begin');
      continue;
    }
    const [name = '', value = ''] = words.split(/\s+/);
    const place = open.at(-1) ?? '';
    if (words.includes('\n')) problems.push(`${words}: has no semicolon`);
    // In a `map`, lines are values.
    if (place !== 'map' && !DIRECTIVES[name]?.includes(place)) {
      problems.push(`${name}: does not stand in '${place}'`);
    }
    if (name === 'upstream') upstreams.add(value);
    if (name === 'proxy_pass' && !upstreams.has(value.replace('http://', ''))) {
      problems.push(`${value}: is no upstream`);
    }
    if (end === '{') open.push(name);
  }
  if (open.length > 0) problems.push(`${open.join(', ')}: does not end`);
  return problems;
}
