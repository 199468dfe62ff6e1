import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { join } from 'node:path';
import type { NetworkBench } from './network-bench.js';

/** Hosts on loopback that stand for hosts of the internet, with a certificate authority of their own. */
export interface LoopbackHosts {
  /** The certificate of the authority, as a file in PEM. */
  readonly authority: string;
  /** The port on loopback of each port of a host. */
  readonly ports: Record<number, number>;
  /** The requests, such as `GET files.example.org/hello`. */
  readonly requests: string[];
}

/**
 * Starts the hosts below `example.org`: they serve text at `/hello`, a repository of git at `/repo.git`, and
 * the npm package `small`.
 */
export async function startHosts(bench: NetworkBench, folder: string): Promise<LoopbackHosts> {
  const { key, cert, authority } = createCertificate(folder);
  const repository = createRepository(folder);
  const tarball = createPackage(folder);
  const requests: string[] = [];
  const answer: Parameters<NetworkBench['serve']>[0] = (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    requests.push(`${request.method} ${request.headers.host}${pathname}`);
    if (pathname === '/hello') response.end('hello from the host\n');
    else if (pathname === '/small') response.end(JSON.stringify(metadataOf(tarball)));
    else if (pathname === '/small.tgz') response.end(tarball);
    else if (pathname.startsWith('/repo.git/')) {
      try {
        response.end(readFileSync(join(repository, pathname.slice('/repo.git/'.length))));
      } catch {
        response.writeHead(404).end();
      }
    } else response.writeHead(404).end();
  };
  const http = await bench.serve(answer);
  const https = await bench.listen(createHttps({ key, cert }, answer));
  return { authority, requests, ports: { 80: http, 443: https } };
}

function createCertificate(folder: string): { key: Buffer; cert: Buffer; authority: string } {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test');
  openssl('req', ...newKey, '-keyout', 'host.key', '-out', 'host.csr', '-subj', '/CN=example.org');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:example.org,DNS:*.example.org');
  const byAuthority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'host.csr', ...byAuthority, '-out', 'host.pem');
  return {
    key: readFileSync(join(folder, 'host.key')),
    cert: readFileSync(join(folder, 'host.pem')),
    authority: join(folder, 'ca.pem'),
  };
}

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd });

/** Returns the path of a bare repository that can be served as files. */
function createRepository(folder: string): string {
  const work = join(folder, 'work');
  mkdirSync(work);
  git(work, 'init', '-q', '-b', 'main');
  writeFileSync(join(work, 'file'), 'of the repository\n');
  git(work, 'add', '.');
  git(work, 'commit', '-q', '-m', 'first');
  git(folder, 'clone', '-q', '--bare', 'work', 'repo.git');
  git(join(folder, 'repo.git'), 'update-server-info');
  return join(folder, 'repo.git');
}

function createPackage(folder: string): Buffer {
  mkdirSync(join(folder, 'package'));
  writeFileSync(join(folder, 'package/package.json'), '{"name":"small","version":"1.0.0"}');
  execFileSync('tar', ['-czf', 'small.tgz', 'package'], { cwd: folder });
  return readFileSync(join(folder, 'small.tgz'));
}

function metadataOf(tarball: Buffer): object {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
  const dist = { tarball: 'https://files.example.org/small.tgz', integrity };
  return {
    name: 'small',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { name: 'small', version: '1.0.0', dist } },
  };
}
