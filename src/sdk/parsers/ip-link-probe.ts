import { probeScript, type Probe, type ProbeOutput } from '../probe.ts';
import { sh } from '../script.ts';
import { readLink, RawLinks, type Link } from './ip-link.ts';
import { readJson, toolText } from './tool-output.ts';

const showLinks = sh`command -v ip >/dev/null || exit 127
for name do ip -d -j link show dev "$name" 2>/dev/null || echo '[]'; done`;

/**
 * Looks at some links by name (or altname); one that does not exist is not in the answer. Cheaper than asking for all
 * where a hypervisor has hundreds.
 */
export const ipLinks = (names: readonly string[]): Probe<readonly Link[]> =>
  probeScript(showLinks, [...new Set(names)], parseLinkLines);

/** Looks at one link. */
export const ipLink = (name: string): Probe<Link | null> =>
  probeScript(showLinks, [name], (output) => parseLinkLines(output)[0] ?? null);

const parseLinkLines = (output: ProbeOutput): readonly Link[] =>
  toolText(output, 'ip -d -j link show')
    .split('\n')
    .flatMap((line) => readJson(line, 'ip -d -j link show', RawLinks).map(readLink));
