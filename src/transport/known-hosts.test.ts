import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendKnownHost, readKnownHosts } from './known-hosts-file.ts';
import { fingerprint, judgeKey, knownName, knownTypes, matchesKnownHost, parseKnownHosts } from './known-hosts.ts';

// Made with ssh-keygen; the hashed names with `ssh-keygen -H`.
const A = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9lE9HJ6dPphpV0sWzkciUM8BUvJ73Tz3naEz/3Nf28';
const B =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBF47yF3IYePz90pNeq7GYBvmamceQ20FoeDtYCVjSpxmKrgjF0Bi9lg7bEbKVbZXMNHvVU51nM9LGCfdWHJaKUc=';
const C = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIQed2PxP3vtMKEsMXLibMb69z7M3E9eIQaoWEGjZhyj';
const HASHED = `|1|VrvY3mnfy4DX6xXB1c4FdRiw4I4=|btcb1CJwxaVTUYJ95c6logqBxEU= ${A}
|1|ulSRzQpUvJzUbuXgLI2i0y2M1+M=|oVNO9LY7CAePQnjmVLxlIOpbbY4= ${A}
|1|ETmoVLY7Kjub0MuI6C0mDevvebk=|FY0rGUtNLBN2HmIWD+jGo88zix8= ${A}
|1|xv0HHZ/hRXoII+pzvxpvVLSVqv0=|1emYn1DVqoxL5EErR95gLLWdmiY= ${A}
`;
const blob = (line: string): Buffer => Buffer.from(line.split(' ')[1] ?? '', 'base64');

describe('names', () => {
  it.each([
    ['example.com', 22, 0],
    ['EXAMPLE.com', 22, 0],
    ['example.com', 2222, 1],
    ['192.0.2.7', 22, 2],
    ['2001:db8::1', 2200, 3],
  ])('%s port %d is found in what ssh-keygen -H wrote', (host, port, line) => {
    const found = parseKnownHosts(HASHED, 'kh').filter((entry) => matchesKnownHost(entry, knownName(host, port)));
    expect(found.map((entry) => entry.line)).toEqual([line + 1]);
  });

  it.each([
    ['*.example.com,!bad.example.com', 'a.example.com', true],
    ['*.example.com,!bad.example.com', 'bad.example.com', false],
    ['!bad.example.com', 'a.example.com', false],
    ['10.0.0.?', '10.0.0.7', true],
    ['10.0.0.?', '10.0.0.77', false],
    ['10.0.0.1', '10x0x0x1', false],
    ['[*.lab]:2222', '[a.lab]:2222', true],
    ['[*.lab]:2222', 'a.lab', false],
    ['Web1,web2', 'web1', true],
    ['|1|ETmoVLY7Kjub0MuI6C0mDevvebk=|FY0rGUtNLBN2HmIWD+jGo88zix8=', '192.0.2.8', false],
    ['|2|ETmoVLY7Kjub0MuI6C0mDevvebk=|FY0rGUtNLBN2HmIWD+jGo88zix8=', '192.0.2.7', false],
  ])('%s and %s: %s', (names, name, expected) => {
    const [entry] = parseKnownHosts(`${names} ${A}`, 'kh');
    expect(entry !== undefined && matchesKnownHost(entry, name)).toBe(expected);
  });

  it('leaves out comments, empty lines and lines that make no sense', () => {
    const text = `# comment\n\nhost\nhost ssh-ed25519\nhost ssh-rsa ${A.split(' ')[1]}\n@what host ${A}\n  host ${A} a comment  \r\n`;
    expect(parseKnownHosts(text, 'kh').map((entry) => entry.line)).toEqual([7]);
  });
});

describe('judgeKey', () => {
  const judge = (text: string, key = A, host = 'h', port = 22): string => {
    const verdict = judgeKey(parseKnownHosts(text, 'kh'), host, port, blob(key));
    return verdict.kind === 'known' || verdict.kind === 'new' ? verdict.kind : `${verdict.kind} ${verdict.entry.line}`;
  };

  it.each([
    ['the key of the host', `h ${A}`, 'known'],
    ['one of several keys', `h ${C}\nh ${B}\nh ${A}`, 'known'],
    ['no line', `other ${A}`, 'new'],
    ['another key of the type', `h ${B}\nh ${C}`, 'changed 2'],
    ['keys of other types only', `h ${B}`, 'changed 1'],
    ['revoked', `h ${A}\n@revoked h ${A}`, 'revoked 2'],
    ['revoked everywhere', `h ${A}\n@revoked * ${A}`, 'revoked 2'],
    ['another key revoked', `h ${A}\n@revoked h ${C}`, 'known'],
    ['an authority only', `@cert-authority h ${C}`, 'certificate-authority 1'],
    ['an authority whose key the host shows', `@cert-authority h ${A}`, 'certificate-authority 1'],
    ['an authority and the key', `@cert-authority h ${C}\nh ${A}`, 'known'],
  ])('%s', (_, text, verdict) => expect(judge(text)).toBe(verdict));

  it.each([
    ['the key of that port', `[h]:2222 ${A}\nh ${C}`, 'known'],
    ['the key of the host', `h ${A}`, 'known'],
    ['another key of the host, none of the port', `h ${C}`, 'new'],
    ['another key of the port', `[h]:2222 ${C}`, 'changed 1'],
    ['revoked for the host', `[h]:2222 ${A}\n@revoked h ${A}`, 'revoked 2'],
  ])('on another port: %s', (_, text, verdict) => expect(judge(text, A, 'h', 2222)).toBe(verdict));

  it('knows the types to ask for first', () => {
    expect(knownTypes(parseKnownHosts(`h ${B}\n@revoked h ${A}\nx ${A}`, 'kh'), 'h', 22)).toEqual([
      'ecdsa-sha2-nistp256',
    ]);
  });

  it('shows fingerprints as ssh-keygen -l does', () => {
    expect(fingerprint(blob(A))).toBe('SHA256:xUdMYewpSEAjJ1l4eWMtE+EpGTkZ+BJ0T5RtcEyKork');
  });
});

describe('appendKnownHost', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kvmnet-known-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('makes the folder and the file for their owner only', async () => {
    const file = join(folder, '.ssh/known_hosts');
    await appendKnownHost(file, 'h', blob(A), false);
    expect((await stat(join(folder, '.ssh'))).mode & 0o777).toBe(0o700);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe(`h ${A}\n`);
  });

  it('does not join its line to one without a newline', async () => {
    const file = join(folder, 'open');
    await writeFile(file, `x ${C}`);
    await appendKnownHost(file, 'h', blob(A), false);
    expect(await readFile(file, 'utf8')).toBe(`x ${C}\nh ${A}\n`);
  });

  it('writes whole lines when many do it at once, hashed if asked to', async () => {
    const file = join(folder, 'many');
    await Promise.all(Array.from({ length: 50 }, (_, i) => appendKnownHost(file, `h${i}`, blob(A), i % 2 === 0)));
    const entries = await readKnownHosts([file, join(folder, 'absent')]);
    expect(entries).toHaveLength(50);
    for (let i = 0; i < 50; i++) expect(judgeKey(entries, `h${i}`, 22, blob(A)).kind).toBe('known');
    expect(entries.filter((entry) => entry.names.startsWith('|1|'))).toHaveLength(25);
  });
});
