import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRegistry } from '../registry.ts';
import { fromJson, toJson } from './plain-data.ts';
import { maxRecord, openRecord, sealRecord, type ChangeRecord } from './undo-record.ts';

const output = (bytes: Buffer) => ({ stdout: bytes.toString('utf8'), bytes, stderr: 'e', code: 1 });
const record: ChangeRecord = {
  module: 'copy',
  params: { content: new Uint8Array([0, 255]), big: 2n ** 60n, pattern: /a"b/gi, of: new Map([['k', new Set([1])]]) },
  persist: true,
  environment: { LANG: 'C' },
  before: null,
  after: { sha256: 'x', list: [1, null, { a: true }] },
  unit: { before: { unit: null, script: null, enabled: false }, after: { unit: 'u', script: 's', enabled: true } },
  outputs: { text: output(Buffer.from('ä\n')), binary: output(Buffer.from([0, 254, 255])) },
};

const sealed = (of: ChangeRecord = record) => {
  const made = sealRecord(of, () => ['hunter2']);
  if (made === undefined) throw new Error('too big');
  return made;
};
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the record of a change', () => {
  it('is read back as it was, with what must not be shown of it', () => {
    const { text, sha256: hash, bytes } = sealed();
    expect(text).toMatch(/^[A-Za-z0-9+/=]+$/);
    expect(bytes).toBe(text.length);
    const opened = openRecord(text, hash);
    expect(opened).toEqual({ ...record, secrets: ['hunter2'] });
  });

  it('does not tell by its hash what it holds', () => {
    expect(sealed().sha256).not.toBe(sealed().sha256);
  });

  it.each([
    ['another text', (text: string) => `${text}A`],
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['nothing', () => ''],
    ['too much', () => 'A'.repeat(maxRecord + 1)],
  ])('is not taken from a host that gives %s', (_, change) => {
    const { text, sha256: hash } = sealed();
    expect(() => openRecord(change(text), hash)).toThrow(
      'what the host has kept for an undo is not what was given to it',
    );
  });

  it.each([
    ['no JSON', gzipSync('{').toString('base64')],
    ['no gzip', 'AAAA'],
    ['something else', gzipSync('{"version":2}').toString('base64')],
    ['more than can be held', gzipSync(Buffer.alloc(65 * 1024 * 1024)).toString('base64')],
  ])('that is %s is of another version', (_, text) => {
    expect(() => openRecord(text, sha256(text))).toThrow(
      'what the host has kept for an undo is of another version of kvmnet',
    );
  });

  it('that is too big is not kept', () => {
    const noise = randomBytes(3 * 1024 * 1024);
    expect(sealRecord({ ...record, outputs: { noise: output(noise) } })).toBeUndefined();
  });
});

describe('data as JSON', () => {
  it('comes back as it was, whatever it is', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.double({ noNaN: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
        fc.bigInt(),
        fc.string(),
        fc.uint8Array({ maxLength: 8 }),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$kvmnet', 'value')), tie('any'), { maxKeys: 4, noNullPrototype: true }), // prettier-ignore
        fc.array(fc.tuple(fc.string(), tie('any')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
        fc.array(fc.string(), { maxLength: 3 }).map((items) => new Set(items)),
      ),
    })).any;
    fc.assert(
      fc.property(value, (data) => {
        const text = JSON.stringify(toJson(data));
        expect(fromJson(JSON.parse(text) as never)).toEqual(data);
      }),
    );
  });

  it('leaves out what is undefined, and refuses what is no data', () => {
    expect(toJson({ a: undefined, b: [undefined] })).toEqual({ b: [null] });
    expect(() => toJson({ a: () => 1 })).toThrow('function is no data');
    expect(() => toJson(new Date())).toThrow('object is no data');
  });

  it('holds the parameters of every example of every module', async () => {
    const registry = createRegistry();
    for (const name of registry.names()) {
      const module = await registry.get(name);
      if (module?.kind !== 'module') continue;
      for (const { params } of module.examples as readonly { readonly params: unknown }[]) {
        const parsed: unknown = module.params.parse(params);
        expect(fromJson(JSON.parse(JSON.stringify(toJson(parsed))) as never)).toEqual(parsed);
      }
    }
  });
});
