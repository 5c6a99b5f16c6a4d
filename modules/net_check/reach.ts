import { z } from 'zod';
import { readJson, sh, type CommandResult } from '../../src/sdk/index.ts';
import { bounded, check, failure, unseen, type Check, type Finding } from './check.ts';
import type { NetCheck } from './params.ts';

type Of<K extends keyof NetCheck> = NonNullable<NetCheck[K]>;

// All at once: a host that does not answer would hold the others up. Each line bears the number of its target.
const pingAll = sh`command -v ping >/dev/null || exit 127
count=$1 interval=$2 wait=$3 size=$4 df=$5 from=$6; shift 6
n=0
for to do
  (
    set -- -n -q -c "$count" -i "$interval" -W "$wait"
    [ -z "$size" ] || set -- "$@" -s "$size"
    [ -z "$df" ] || set -- "$@" -M do
    [ -z "$from" ] || set -- "$@" -I "$from"
    ping "$@" "$to" 2>&1 | sed "s/^/$n /"
  ) &
  n=$((n+1))
done
wait`;

export function pingCheck(p: Of<'ping'>): Check {
  const args = [p.count, p.interval, p.timeout, p.size ?? '', p.dont_fragment ? 'do' : '', p.source ?? '', ...p.to];
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'ping', 'iputils-ping (iputils on RHEL)');
    const lines = answer.stdout.split('\n');
    const said = (n: number): string =>
      lines.flatMap((line) => (line.startsWith(`${n} `) ? [line.slice(`${n} `.length)] : [])).join('\n');
    return p.to.flatMap((to, n) => judgePing(p, to, failed, said(n)));
  };
  return check('ping', [{ script: pingAll, args: args.map(String) }], judge, p.count * p.interval + p.timeout);
}

function judgePing(p: Of<'ping'>, to: string, failed: string | undefined, text: string): readonly Finding[] {
  const loss = /([\d.]+)% packet loss/.exec(text)?.[1];
  if (failed !== undefined || loss === undefined) {
    const said = text
      .trim()
      .replace(/^[^]*\n/, '')
      .replace(/^ping: /, '');
    const why = failed ?? (said === '' ? 'ping said nothing' : said);
    return [unseen('ping', `ping ${to}`, p.max_loss, why)];
  }
  const what = p.size === undefined ? to : `${to} with ${p.size} bytes${p.dont_fragment ? ' in one piece' : ''}`;
  const lost = bounded('ping', `loss to ${what}`, Number(loss), { max: p.max_loss }, ' %');
  if (p.max_rtt === undefined) return [lost];
  // iputils: "rtt min/avg/max/mdev = …"; busybox: "round-trip min/avg/max = …"
  const average = /min\/avg\/max[^=]*= [\d.]+\/([\d.]+)\//.exec(text)?.[1];
  const rtt = average === undefined ? null : Number(average);
  // Where nothing came back there is no time to speak of.
  if (rtt === null && !lost.ok) return [lost];
  return [lost, bounded('ping', `round trip to ${what}`, rtt, { max: p.max_rtt }, ' ms')];
}

const Sum = z.object({ bits_per_second: z.number(), lost_percent: z.number().optional() });
const Report = z.object({
  error: z.string().optional(),
  end: z.object({ sum: Sum.optional(), sum_received: Sum.optional() }).default({}),
});

// It keeps what it sends in a file without a name: not on the disk, where there is another place.
const runIperf3 = sh`if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
exec iperf3 "$@"`;

export function iperf3Check(p: Of<'iperf3'>): Check {
  const udp = p.udp ? ['-u', '-b', String(Math.ceil((p.min_mbit * 1.1e6) / p.streams))] : [];
  const reverse = p.reverse ? ['-R'] : [];
  const args = ['-J', '-c', p.server, '-p', `${p.port}`, '-t', `${p.duration}`, '-P', `${p.streams}`];
  const what = `throughput ${p.reverse ? 'from' : 'to'} ${p.server}`;
  const judge = (answer: CommandResult): readonly Finding[] => {
    const failed = failure(answer, 'iperf3', 'iperf3');
    // It tells its errors in its report, on standard output.
    const told = answer.stdout.trim().startsWith('{');
    if (!told) return [unseen('iperf3', what, p.min_mbit, failed ?? 'iperf3 printed no report')];
    const report = readJson(answer.stdout, 'iperf3 -J', Report);
    if (report.error !== undefined) return [unseen('iperf3', what, p.min_mbit, report.error)];
    const { sum, sum_received: received } = report.end;
    const lost = sum?.lost_percent ?? received?.lost_percent ?? null;
    const mbit = ((received ?? sum)?.bits_per_second ?? 0) / 1e6;
    // Before iperf3 3.17 the sum of UDP is what was sent.
    const arrived = p.udp && received === undefined && lost !== null ? (mbit * (100 - lost)) / 100 : mbit;
    const rate = bounded('iperf3', what, arrived, { min: p.min_mbit }, ' Mbit/s');
    if (p.max_loss === undefined) return [rate];
    return [
      rate,
      bounded('iperf3', `UDP loss ${p.reverse ? 'from' : 'to'} ${p.server}`, lost, { max: p.max_loss }, ' %'),
    ];
  };
  return check('iperf3', [{ script: runIperf3, args: [...args, ...udp, ...reverse] }], judge, p.duration + 15);
}
