/** A flow in canonical form: what tells it from others, and what it does. */
export interface Flow {
  /** `table=0,priority=10,in_port=1`; without a priority it is 32768. */
  readonly match: string;
  /** `cookie=0x1,idle_timeout=60,actions=drop`. */
  readonly rest: string;
  readonly cookie: string;
  readonly table: number;
}

/**
 * Reads a line of `ovs-ofctl --no-stats --no-names dump-flows`, or one of `ovs-ofctl parse-flows`, which has gone through
 * the same encoder and decoder, so that both write one flow in the same words.
 * @returns undefined for a line that is no flow
 */
export function parseFlow(line: string): Flow | undefined {
  const at = line.indexOf('actions=');
  if (at < 0) return undefined;
  const added = /^(?:OFPT|NXT)_FLOW_MOD .*?: ADD ?/.exec(line);
  if (added === null && !line.startsWith(' ')) return undefined;
  const actions = line.slice(at);
  let head = line.slice(added?.[0].length ?? 0, at).trim();
  const fields = new Map<string, string>();
  // `cookie=0x1, table=1, in_port=1` in a dump, `table:1 in_port=1 cookie:0x1` otherwise.
  head = head.replace(
    /(?:^|\s)(cookie|table|idle|hard|idle_timeout|hard_timeout|importance)[=:](\w+),?(?=\s|$)/g,
    (_, key: string, value: string) => {
      fields.set(key.replace(/^(idle|hard)$/, '$1_timeout'), value);
      return '';
    },
  );
  const flags: string[] = [];
  head = head.replace(
    /(?:^|\s)(send_flow_rem|no_packet_counts|no_byte_counts|reset_counts),?(?=\s|$)/g,
    (_, flag: string) => {
      // Says how it was added, not what it is: what comes by OpenFlow 1.0 always has it.
      if (flag !== 'reset_counts') flags.push(flag);
      return '';
    },
  );
  const match = head.trim();
  const cookie = fields.get('cookie') ?? '0x0';
  const table = Number(fields.get('table') ?? 0);
  const rest = [
    ...(cookie === '0x0' ? [] : [`cookie=${cookie}`]),
    ...['idle_timeout', 'hard_timeout', 'importance'].flatMap((key) => {
      const value = fields.get(key);
      return value === undefined ? [] : [`${key}=${value}`];
    }),
    ...flags,
    actions,
  ];
  return { match: [`table=${table}`, ...(match === '' ? [] : [match])].join(','), rest: rest.join(','), cookie, table };
}
