import { z } from 'zod';
import type { Json } from '../../util/json.ts';
import type { ProbeOutput } from '../probe.ts';
import { readJson, toolText, unreadable } from './tool-output.ts';

/** A value of a column: an atom, a list of atoms (OVSDB's set), or a map. UUIDs are plain strings. */
export type OvsdbValue = OvsdbAtom | readonly OvsdbAtom[] | { readonly [key: string]: OvsdbAtom };
export type OvsdbAtom = string | number | boolean;
export type OvsdbRow = { readonly [column: string]: OvsdbValue };

const Table = z.object({ headings: z.array(z.string()), data: z.array(z.array(z.json())) });

/**
 * Reads `ovs-vsctl --format=json list A -- list B …`: one table a line, in the order asked for.
 * A set of one element looks like an atom: see {@link ovsdbSet} and {@link ovsdbOptional}.
 */
export function parseOvsdb(
  output: ProbeOutput,
  command = 'ovs-vsctl --format=json list',
): readonly (readonly OvsdbRow[])[] {
  return toolText(output, command)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const { headings, data } = readJson(line, command, Table);
      return data.map((row) =>
        Object.fromEntries(headings.map((heading, i) => [heading, readValue(row[i] ?? null, command)])),
      );
    });
}

function readValue(raw: Json, command: string): OvsdbValue {
  if (isAtom(raw)) return raw;
  const [tag, content] = Array.isArray(raw) ? (raw as readonly Json[]) : [];
  if (tag === 'uuid' && typeof content === 'string') return content;
  if (tag === 'set' && Array.isArray(content)) return content.map((item: Json) => readAtom(item, command));
  if (tag === 'map' && Array.isArray(content)) {
    return Object.fromEntries(
      (content as readonly Json[]).map((pair) => {
        const [key, value] = Array.isArray(pair) ? (pair as readonly Json[]) : [];
        return [String(readAtom(key ?? null, command)), readAtom(value ?? null, command)];
      }),
    );
  }
  throw unreadable(command, 'no value of OVSDB', JSON.stringify(raw));
}

function readAtom(raw: Json, command: string): OvsdbAtom {
  const value = readValue(raw, command);
  if (typeof value !== 'object') return value;
  throw unreadable(command, 'no atom of OVSDB', JSON.stringify(raw));
}

const isAtom = (raw: Json): raw is OvsdbAtom => ['string', 'number', 'boolean'].includes(typeof raw);
const isList = (value: OvsdbValue): value is readonly OvsdbAtom[] => Array.isArray(value);

/** A column that holds a set: OVSDB prints a set of one element as that element. */
export const ovsdbSet = (value: OvsdbValue | undefined): readonly OvsdbAtom[] => {
  if (value === undefined) return [];
  if (isList(value)) return value;
  return typeof value === 'object' ? [] : [value];
};

/** A column that holds one value or none; none is null. */
export const ovsdbOptional = (value: OvsdbValue | undefined): OvsdbAtom | null => ovsdbSet(value)[0] ?? null;

/** A column that holds a map; values as text, as OVSDB keeps them. */
export const ovsdbMap = (value: OvsdbValue | undefined): Readonly<Record<string, string>> => {
  if (value === undefined || typeof value !== 'object' || isList(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
};
