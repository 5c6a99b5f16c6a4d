import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { ProbeOutput, StateObject } from '../../sdk/index.ts';
import { KvmnetError } from '../../util/errors.ts';
import { fromJson, toJson } from './plain-data.ts';

/** All that an undo needs to know of one change; the contents of files lie beside it on the host, by hash. */
export interface ChangeRecord {
  readonly module: string;
  /** As they were bound and prepared. */
  readonly params: unknown;
  /** Whether the change kept a boot unit. */
  readonly persist: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly before: StateObject | null;
  readonly after: StateObject | null;
  /** The boot unit; undefined where there is none. */
  readonly unit?: { readonly before: KeptUnit; readonly after: KeptUnit } | undefined;
  /** What the probes saw before the change, by their names. */
  readonly outputs: Readonly<Record<string, Pick<ProbeOutput, 'stdout' | 'stderr' | 'code' | 'bytes'>>>;
}

/** A record as it is read back, with what must not be shown of it. */
export interface KeptRecord extends ChangeRecord {
  readonly secrets: readonly string[];
}

/** What a host keeps of a boot unit: hashes of its files, whether something starts it. */
export interface KeptUnit {
  readonly unit: string | null;
  readonly script: string | null;
  readonly enabled: boolean;
}

/** A record as it is kept: one word of letters that no shell minds, with the hash by which it is known again. */
export interface SealedRecord {
  readonly text: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Bytes of a record as it is kept. A change that needs more cannot be undone. */
export const maxRecord = 2 * 1024 * 1024;
/** Bytes of a record when it is unpacked. */
const maxUnpacked = 64 * 1024 * 1024;

const KeptUnitSchema = z.strictObject({
  unit: z.string().nullable(),
  script: z.string().nullable(),
  enabled: z.boolean(),
});
const State = z.record(z.string(), z.json()).nullable();
const RecordSchema = z.strictObject({
  version: z.literal(1),
  nonce: z.string(),
  module: z.string(),
  params: z.json(),
  persist: z.boolean(),
  environment: z.record(z.string(), z.string()),
  before: State,
  after: State,
  secrets: z.array(z.string()),
  unit: z.strictObject({ before: KeptUnitSchema, after: KeptUnitSchema }).optional(),
  outputs: z.record(
    z.string(),
    z.strictObject({
      stdout: z.string().optional(),
      bytes: z.base64().optional(),
      stderr: z.string(),
      code: z.number(),
    }),
  ),
});

/**
 * @param secretsIn - finds what must not be shown when the change is taken back
 * @returns undefined where it is too big to be kept
 */
export function sealRecord(
  record: ChangeRecord,
  secretsIn: (text: string) => readonly string[] = () => [],
): SealedRecord | undefined {
  const { outputs, params, unit, ...rest } = record;
  const packed = Object.fromEntries(
    Object.entries(outputs).map(([name, { stdout, bytes, stderr, code }]) => {
      const isText = Buffer.from(stdout).equals(bytes);
      const out = isText ? { stdout } : { bytes: Buffer.from(bytes).toString('base64') };
      return [name, { ...out, stderr, code }];
    }),
  );
  // Without the nonce, who reads the journal could try what the parameters are: the hash would say when they are right.
  const sealed = {
    version: 1,
    nonce: randomBytes(16).toString('hex'),
    ...rest,
    params: toJson(params) ?? null,
    ...(unit === undefined ? {} : { unit }),
    outputs: packed,
  };
  const secrets = secretsIn(JSON.stringify(sealed));
  const text = gzipSync(JSON.stringify({ ...sealed, secrets })).toString('base64');
  if (text.length > maxRecord) return undefined;
  return { text, sha256: hash(text), bytes: text.length };
}

/**
 * Reads what a host has kept. It is taken only as it was written: a host cannot make anything else of it.
 * @throws KvmnetError code `missing`
 */
export function openRecord(text: string, sha256: string): KeptRecord {
  if (text.length > maxRecord || hash(text) !== sha256) {
    throw new KvmnetError('missing', 'what the host has kept for an undo is not what was given to it', {
      hint: 'it is damaged, or somebody has changed it: it is not used',
    });
  }
  const parsed = RecordSchema.safeParse(unpack(text));
  if (!parsed.success) {
    throw new KvmnetError('missing', 'what the host has kept for an undo is of another version of kvmnet', {
      hint: 'undo the run with the version that made it',
    });
  }
  const { params, outputs, version: _, nonce: __, ...rest } = parsed.data;
  return { ...rest, params: fromJson(params), outputs: mapValues(outputs, unpackOutput) };
}

function unpack(text: string): unknown {
  try {
    return JSON.parse(gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: maxUnpacked }).toString('utf8'));
  } catch {
    return undefined;
  }
}

function unpackOutput(output: z.output<typeof RecordSchema>['outputs'][string]): ProbeOutput {
  const { stdout, bytes, stderr, code } = output;
  const raw = bytes === undefined ? Buffer.from(stdout ?? '') : Buffer.from(bytes, 'base64');
  return { stdout: stdout ?? raw.toString('utf8'), bytes: raw, stderr, code };
}

const mapValues = <A, B>(all: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(all).map(([key, value]) => [key, change(value)]));

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
